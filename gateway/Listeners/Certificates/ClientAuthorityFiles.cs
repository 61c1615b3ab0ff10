using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using GrainMQ.Gateway.Files;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>The files of <see cref="ClientAuthorities"/>, which are only good together: a list has to be signed by one of the authorities.</summary>
internal sealed record ClientAuthorityFiles(string Ca, string? Crl)
{
    private const string PemList = "X509 CRL";

    /// <summary>The files that the options name; null when there are none.</summary>
    public static ClientAuthorityFiles? Of(TlsOptions tls) => tls.ClientCa is { } ca ? new(ca, tls.ClientCrl) : null;

    /// <summary>The line for the operator when <see cref="Of"/> finds none and a listener needs them.</summary>
    public static string MissingMessage(ListenerOptions listener) =>
        $"Listener '{listener.Name}' asks clients for certificates but trusts no authority: set Tls:ClientCa to the file with its certificate.";

    /// <param name="known">The version that the caller has: when the files still hold it, they are not parsed.</param>
    public FileReading<ClientAuthorities> Read(string? known = null)
    {
        byte[]? lists = null;
        if (!FileBytes.TryRead(Ca, out var authorities, out var error) || (Crl is not null && !FileBytes.TryRead(Crl, out lists, out error)))
        {
            return FileReading<ClientAuthorities>.Failed(error, known);
        }

        var version = Convert.ToHexString(SHA256.HashData([.. authorities, .. lists ?? []]));
        if (version == known)
        {
            return new(version, null, null);
        }

        var (file, cure) = (Ca, "It must hold the certificates of the authorities (Tls:ClientCa), PEM or one in DER.");
        try
        {
            var certificates = ParseAuthorities(authorities);
            (file, cure) = (Crl ?? "", "It must hold revocation lists of the authorities in Tls:ClientCa (Tls:ClientCrl), PEM or one in DER.");
            return new(version, new(certificates, lists is null ? null : ParseLists(lists, certificates)), null);
        }
        catch (CryptographicException e)
        {
            return new(version, null, $"file '{file}' cannot be used: {e.Message.TrimEnd('.')}. {cure}");
        }
    }

    private static X509Certificate2Collection ParseAuthorities(byte[] file)
    {
        var certificates = new X509Certificate2Collection();
        if (IsPem(file, out var text))
        {
            certificates.ImportFromPem(text);
        }
        else
        {
            certificates.Add(X509CertificateLoader.LoadCertificate(file));
        }

        return certificates.Count > 0 ? certificates : throw new CryptographicException("there is no certificate in it");
    }

    private static List<(X509Certificate2, RevocationList)> ParseLists(byte[] file, X509Certificate2Collection authorities)
    {
        List<RevocationList> lists = IsPem(file, out var text) ? [.. ParsePem(text)] : [new RevocationList(file)];
        return lists.Count == 0
            ? throw new CryptographicException("there is no revocation list in it")
            : lists.ConvertAll(list => (AuthorityOf(list, authorities), list));
    }

    private static X509Certificate2 AuthorityOf(RevocationList list, X509Certificate2Collection authorities) =>
        authorities.FirstOrDefault(list.IsSignedBy)
        ?? throw new CryptographicException($"the list of '{list.Issuer.Name}' is not signed by an authority in Tls:ClientCa");

    private static List<RevocationList> ParsePem(string text)
    {
        var lists = new List<RevocationList>();
        for (var rest = text.AsSpan(); PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
        {
            if (rest[fields.Label].SequenceEqual(PemList))
            {
                lists.Add(new RevocationList(Convert.FromBase64String(rest[fields.Base64Data].ToString())));
            }
        }
        return lists;
    }

    private static bool IsPem(byte[] file, out string text)
    {
        text = Encoding.UTF8.GetString(file);
        return text.Contains("-----BEGIN ", StringComparison.Ordinal);
    }
}
