using GrainMQ.Gateway.Hosting.Listeners;
using GrainMQ.Gateway.Security;

namespace GrainMQ.Gateway.Hosting;

/// <summary>What <c>--check-config</c> looks at beyond the options themselves. Changes nothing, also while a broker runs.</summary>
internal static class ConfigurationCheck
{
    /// <returns>One line per fault.</returns>
    public static IEnumerable<string> Run(GatewayOptions options)
    {
        var certificates = options.Listeners
            .Where(listener => listener.Kind is ListenerKind.Tls or ListenerKind.Wss)
            .Select(listener => CertificateFile.For(listener, options.Tls))
            .OfType<CertificateFile>()
            .Distinct();
        foreach (var file in certificates)
        {
            if (file.Read().Error is { } error)
                yield return $"TLS: {error}";
        }
        if (options.Security.PasswordFile is { } users && !PasswordFile.TryRead(users, out _, out var fault))
            yield return $"Security:PasswordFile: {fault}";
        if (options.Data.Directory is { } directory && DataDirectory.WhyNotWritable(directory) is { } cause)
            yield return cause;
    }
}
