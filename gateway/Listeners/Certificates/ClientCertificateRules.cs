using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>Result of checking a client's certificate: at most one is set.</summary>
/// <param name="Refusal">Why the handshake fails, for the log.</param>
/// <param name="UserName">User that the certificate names; null if it names none.</param>
internal readonly record struct CertificateVerdict(string? Refusal, string? UserName)
{
    public static CertificateVerdict Refuse(string reason) => new(reason, null);
}

/// <summary>Checks the certificates of a listener's clients.</summary>
public sealed class ClientCertificateRules(ClientTrust trust, bool isRequired, CertificateUserName userName, TimeProvider time)
{
    private const int LongestName = 200; // of what a log line shows of a name that a client chose

    internal X509ChainPolicy Policy() => trust.Current.Policy(time.GetUtcNow());

    /// <param name="chain">As built with <see cref="Policy"/>.</param>
    internal CertificateVerdict Check(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || chain is null)
        {
            return isRequired ? CertificateVerdict.Refuse("the client sent no certificate, and Tls:ClientCertificates is Require") : default;
        }

        var reason = errors == SslPolicyErrors.None ? trust.Current.WhyRevoked(chain, time.GetUtcNow()) : Explain(chain);
        if (reason is not null)
        {
            return Refuse(certificate, reason);
        }

        if (userName == CertificateUserName.None)
        {
            return default;
        }

        return NameOf(certificate) is { Length: > 0 } name && !name.Any(char.IsControl)
            ? new CertificateVerdict(null, name)
            : Refuse(certificate, $"it has no {userName} that could be the username (Tls:ClientUserName)");
    }

    private static CertificateVerdict Refuse(X509Certificate2 certificate, string reason)
    {
        var subject = certificate.Subject;
        return CertificateVerdict.Refuse(
            $"the certificate of '{(subject.Length > LongestName ? subject[..LongestName] + "…" : subject)}' is refused: {reason}");
    }

    private string? NameOf(X509Certificate2 certificate)
    {
        try
        {
            return userName == CertificateUserName.CommonName
                ? CertificateNames.CommonName(certificate)
                : CertificateNames.AlternativeName(certificate);
        }
        catch (CryptographicException)
        {
            return null; // malformed: as good as none
        }
    }

    private static string Explain(X509Chain chain)
    {
        var flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        return flags switch
        {
            _ when (flags & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) != 0 => "its issuer is not in Tls:ClientCa",
            _ when (flags & X509ChainStatusFlags.NotTimeValid) != 0 => "it has expired or is not valid yet",
            _ when (flags & X509ChainStatusFlags.NotValidForUsage) != 0 => "it is not for clients (extended key usage)",
            _ => $"{flags}",
        };
    }
}
