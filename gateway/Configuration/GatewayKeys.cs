using GrainMQ.Gateway.Hosting;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Gateway.Configuration;

/// <summary>The keys of <see cref="GatewayOptions"/>.</summary>
public static class GatewayKeys
{
    /// <summary>Every key that stands by itself, not in a list.</summary>
    public static IReadOnlyList<OptionKey> All { get; } = OptionKey.Of(typeof(GatewayOptions), nameof(GatewayOptions.Listeners));

    /// <summary>The properties of a listener; their section is <c>Listeners:NAME</c>.</summary>
    public static IReadOnlyList<OptionKey> Listener { get; } =
        OptionKey.OfNamed($"{nameof(GatewayOptions.Listeners)}:NAME", typeof(ListenerOptions), nameof(ListenerOptions.Name));

    /// <summary>The properties of a further certificate; their section is <c>Tls:Certificates:NAME</c>.</summary>
    public static IReadOnlyList<OptionKey> Certificate { get; } = OptionKey.OfNamed(
        $"{nameof(GatewayOptions.Tls)}:{nameof(TlsOptions.Certificates)}:NAME", typeof(CertificateOptions), nameof(CertificateOptions.Name));

    /// <summary>All of them.</summary>
    public static IEnumerable<OptionKey> Everywhere => [.. All, .. Listener, .. Certificate];
}
