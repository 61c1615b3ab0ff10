using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Lists the keys of <see cref="GatewayOptions"/>.</summary>
public static class GatewayKeys
{
    /// <summary>Every key outside the two lists.</summary>
    public static IReadOnlyList<OptionKey> All { get; } = OptionKey.Of(typeof(GatewayOptions), nameof(GatewayOptions.Listeners));

    /// <summary>The keys of a listener; their section is <c>Listeners:NAME</c>.</summary>
    public static IReadOnlyList<OptionKey> Listener { get; } =
        OptionKey.OfNamed($"{nameof(GatewayOptions.Listeners)}:NAME", typeof(ListenerOptions), nameof(ListenerOptions.Name));

    /// <summary>The keys of a further certificate; their section is <c>Tls:Certificates:NAME</c>.</summary>
    public static IReadOnlyList<OptionKey> Certificate { get; } = OptionKey.OfNamed(
        $"{nameof(GatewayOptions.Tls)}:{nameof(TlsOptions.Certificates)}:NAME", typeof(CertificateOptions), nameof(CertificateOptions.Name));

    /// <summary>The keys of all three.</summary>
    public static IEnumerable<OptionKey> Everywhere => [.. All, .. Listener, .. Certificate];
}
