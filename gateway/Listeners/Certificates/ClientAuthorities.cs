using System.Security.Cryptography.X509Certificates;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>Holds the authorities whose client certificates are good, and the revoked ones, as the files are at one moment.</summary>
/// <param name="Certificates">Roots and, where clients do not send them, intermediates.</param>
/// <param name="Revoked">By the authority that issued the list; null: revocation is not checked.</param>
internal sealed record ClientAuthorities(X509Certificate2Collection Certificates, IReadOnlyList<(X509Certificate2 Authority, RevocationList List)>? Revoked)
{
    /// <summary>Makes the policy for one chain: the platform adds to it what the client sends.</summary>
    public X509ChainPolicy Policy(DateTimeOffset now)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // of the lists that the platform knows; see WhyRevoked
            DisableCertificateDownloads = true, // a client must not make the server call an address of its choice
            VerificationTime = now.LocalDateTime,
        };
        policy.CustomTrustStore.AddRange(Certificates);
        policy.ApplicationPolicy.Add(new("1.3.6.1.5.5.7.3.2")); // may be used by a client
        return policy;
    }

    /// <summary>
    /// Checks a valid chain against the lists. The client's own certificate needs a list of its issuer that has not expired; those above
    /// it are checked where there is a list.
    /// </summary>
    /// <returns>Null when nothing is revoked, else the reason to refuse.</returns>
    public string? WhyRevoked(X509Chain chain, DateTimeOffset now)
    {
        if (Revoked is null)
        {
            return null;
        }

        for (var i = 0; i + 1 < chain.ChainElements.Count; i++)
        {
            var (certificate, issuer) = (chain.ChainElements[i].Certificate, chain.ChainElements[i + 1].Certificate);
            if (WhyRevoked(certificate, issuer, now, isListNeeded: i == 0) is { } reason)
            {
                return reason;
            }
        }
        return null;
    }

    private string? WhyRevoked(X509Certificate2 certificate, X509Certificate2 issuer, DateTimeOffset now, bool isListNeeded)
    {
        // Of several lists of one authority the newest counts.
        var list = Revoked?.Where(entry => IsSame(entry.Authority, issuer)).Select(entry => entry.List).MaxBy(list => list.ThisUpdate);
        if (list is null)
        {
            return isListNeeded ? $"there is no revocation list of '{issuer.Subject}' in Tls:ClientCrl" : null;
        }

        if (list.NextUpdate < now)
        {
            return $"the revocation list of '{issuer.Subject}' in Tls:ClientCrl expired at {list.NextUpdate:u}";
        }

        return list.Find(certificate) is { } revocation
            ? $"certificate {certificate.SerialNumber} was revoked at {revocation.Date:u} ({revocation.Reason})"
            : null;
    }

    private static bool IsSame(X509Certificate2 authority, X509Certificate2 issuer) =>
        authority.SubjectName.RawData.AsSpan().SequenceEqual(issuer.SubjectName.RawData)
        && authority.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(issuer.PublicKey.ExportSubjectPublicKeyInfo());
}
