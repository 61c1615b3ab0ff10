using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Checks whether the options of TLS make sense together; reads no files.</summary>
internal static class TlsValidation
{
    /// <returns>One line per fault, with its cure.</returns>
    public static IEnumerable<string> Check(GatewayOptions options)
    {
        foreach (var certificate in options.Tls.Certificates.Where(certificate => certificate.Certificate is null))
        {
            yield return $"Tls:Certificates:{certificate.Name} needs a file: set Tls:Certificates:{certificate.Name}:Certificate.";
        }

        if (CipherSuiteError(options.Tls) is { } error)
        {
            yield return error;
        }
        else if (options.Listeners.Any(listener => listener.Kind == ListenerKind.Quic) && !CipherSuites.HaveTls13(options.Tls))
        {
            yield return "Tls:CipherSuites names no cipher suite of TLS 1.3, and QUIC has no other version. Add one, such as TLS_AES_128_GCM_SHA256.";
        }

        foreach (var fault in CheckClientCertificates(options))
        {
            yield return fault;
        }

        foreach (var listener in options.Listeners.Where(listener => listener.IsSecure))
        {
            if (CertificateFile.AllFor(listener, options.Tls).Count == 0)
            {
                yield return CertificateFile.MissingMessage(listener);
            }

            if (listener.ClientCertificateMode(options.Tls) != ClientCertificateMode.None && ClientAuthorityFiles.Of(options.Tls) is null)
            {
                yield return ClientAuthorityFiles.MissingMessage(listener);
            }
        }
    }

    // A setting that is meant to check clients and checks none would leave the broker open.
    private static IEnumerable<string> CheckClientCertificates(GatewayOptions options)
    {
        var tls = options.Tls;
        if (tls.ClientCrl is not null && tls.ClientCa is null)
        {
            yield return "Tls:ClientCrl has no effect without Tls:ClientCa: set it to the file with the certificates of the authorities.";
        }

        foreach (var listener in options.Listeners.Where(listener => !listener.IsSecure && listener.ClientCertificates is not null))
        {
            yield return $"Listeners:{listener.Name}:ClientCertificates has no effect on a {listener.KindText} listener: use a tls or wss one.";
        }

        if (tls.ClientCertificates != ClientCertificateMode.None || options.Listeners.Any(l => l.ClientCertificates > ClientCertificateMode.None))
        {
            yield break;
        }

        foreach (var (name, isSet) in ((string, bool)[])
            [("ClientCa", tls.ClientCa is not null), ("ClientUserName", tls.ClientUserName != CertificateUserName.None)])
        {
            if (isSet)
            {
                yield return $"Tls:{name} has no effect because no client is asked for a certificate: set Tls:ClientCertificates to Request or Require.";
            }
        }
    }

    private static string? CipherSuiteError(TlsOptions tls)
    {
        try
        {
            CipherSuites.Policy(tls);
            return null;
        }
        catch (StartupException e)
        {
            return e.Message;
        }
    }
}
