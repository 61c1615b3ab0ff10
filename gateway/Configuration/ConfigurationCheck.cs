using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Gateway.Security;
using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Checks for <c>--check-config</c> the files and directories that the options name. Changes nothing, also while a broker runs.</summary>
internal static class ConfigurationCheck
{
    /// <returns>One line per fault.</returns>
    public static IEnumerable<string> Run(GatewayOptions options)
    {
        if (DescriptorLimit.Fault(DescriptorLimit.Value) is { } limit)
        {
            yield return limit;
        }

        foreach (var listener in options.Listeners.Where(listener => listener.Kind == ListenerKind.Quic && !QuicSupport.IsAvailable))
        {
            yield return QuicSupport.MissingMessage(listener);
        }

        foreach (var listener in options.Listeners.Where(listener => listener.Kind == ListenerKind.Unix))
        {
            if (UnixPath.WhyNoDirectory(listener.Address) is { } missing)
            {
                yield return UnixPath.CannotListen(listener, missing);
            }
        }
        var secure = options.Listeners.Where(listener => listener.IsSecure).ToList();
        foreach (var file in secure.SelectMany(listener => CertificateFile.AllFor(listener, options.Tls)).Distinct())
        {
            if (file.Read().Error is { } error)
            {
                yield return $"TLS: {error}";
            }
        }
        var asksClients = secure.Exists(listener => listener.ClientCertificateMode(options.Tls) != ClientCertificateMode.None);
        if (asksClients && ClientAuthorityFiles.Of(options.Tls)?.Read().Error is { } cause)
        {
            yield return $"TLS: {cause}";
        }

        if (options.Security.PasswordFile is { } users && !PasswordFile.TryRead(users, out _, out var reason))
        {
            yield return $"Security:PasswordFile: {reason}";
        }

        if (options.Data.EffectiveDirectory is { } directory && DataDirectory.WhyNotWritable(directory) is { } fault)
        {
            yield return fault;
        }
    }
}
