using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using GrainMQ.Gateway.Files;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>A certificate ready for handshakes, and the names that it is for: <c>a.example.com</c>, <c>*.example.com</c>.</summary>
public sealed record NamedCertificate(SslStreamCertificateContext Context, IReadOnlyList<string> ServerNames);

/// <summary>A certificate with its private key on disk: PEM (key in the same file or in another) or PFX.</summary>
public sealed record CertificateFile(string Certificate, string? Key, string? Password)
{
    /// <summary>Changes that the file system does not report are found after this time.</summary>
    internal static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(10);

    private static readonly byte[] PemMarker = "-----BEGIN "u8.ToArray();

    /// <summary>
    /// The certificates of a listener. The first one is for clients that ask for no name or an unknown one: the listener's own, else that
    /// of section <c>Tls</c>, else the first of its list. Empty when there are none.
    /// </summary>
    public static IReadOnlyList<CertificateFile> AllFor(ListenerOptions listener, TlsOptions tls)
    {
        var byName = tls.Certificates
            .Where(entry => entry.Certificate is not null)
            .Select(entry => new CertificateFile(entry.Certificate ?? "", entry.Key, entry.Password));
        return [.. Default(listener, tls) is { } first ? byName.Prepend(first) : byName];
    }

    /// <summary>The line for the operator when <see cref="AllFor"/> finds none.</summary>
    public static string MissingMessage(ListenerOptions listener) =>
        $"Listener '{listener.Name}' on {listener.Address} needs a certificate: set --cert FILE and --key FILE (Tls:Certificate, Tls:Key) " +
        $"or Listeners:{listener.Name}:Certificate.";

    /// <summary>Reads the files; the context carries the certificate, its key and the chain that is sent to clients.</summary>
    /// <param name="known">The version that the caller has: when the files still hold it, they are not parsed.</param>
    public FileReading<NamedCertificate> Read(string? known = null)
    {
        if (!FileBytes.TryRead(Certificate, out var certificate, out var error))
        {
            return FileReading<NamedCertificate>.Failed(error, known);
        }

        var key = certificate;
        if (Key is not null && !FileBytes.TryRead(Key, out key, out error))
        {
            return FileReading<NamedCertificate>.Failed(error, known);
        }

        var version = Convert.ToHexString(SHA256.HashData([.. certificate, .. key]));
        if (version == known)
        {
            return new(version, null, null);
        }

        try
        {
            return new(version, Parse(certificate, key), null);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            var files = Key is null ? $"certificate file '{Certificate}'" : $"certificate file '{Certificate}' with key file '{Key}'";
            return new(version, null, $"{files} cannot be used: {e.Message.TrimEnd('.')}. " +
                "It must be PEM or PFX with the certificate's private key, and Tls:Password must fit when it is encrypted.");
        }
    }

    private static CertificateFile? Default(ListenerOptions listener, TlsOptions tls)
    {
        if (listener.Certificate is { } own)
        {
            return new(own, listener.Key, listener.Password);
        }

        return tls.Certificate is { } shared ? new(shared, listener.Key ?? tls.Key, listener.Password ?? tls.Password) : null;
    }

    private NamedCertificate Parse(byte[] certificate, byte[] key)
    {
        var (leaf, chain) = certificate.AsSpan().IndexOf(PemMarker) >= 0
            ? ParsePem(Encoding.UTF8.GetString(certificate), Encoding.UTF8.GetString(key))
            : ParsePfx(certificate);
        return new(SslStreamCertificateContext.Create(leaf, chain, offline: true), CertificateNames.ServerNames(leaf));
    }

    private (X509Certificate2 Leaf, X509Certificate2Collection Chain) ParsePem(string certificate, string key)
    {
        var encrypted = Password is not null && key.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
        var leaf = encrypted
            ? X509Certificate2.CreateFromEncryptedPem(certificate, key, Password)
            : X509Certificate2.CreateFromPem(certificate, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        chain.RemoveAt(0); // the first one is the server's own
        return (leaf, chain);
    }

    private (X509Certificate2 Leaf, X509Certificate2Collection Chain) ParsePfx(byte[] file)
    {
        var chain = X509CertificateLoader.LoadPkcs12Collection(file, Password);
        var leaf = chain.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw new CryptographicException("there is no private key in it");
        chain.Remove(leaf);
        return (leaf, chain);
    }
}
