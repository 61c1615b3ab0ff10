using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>What became of reading a certificate: exactly one of <c>Context</c> and <c>Error</c> is set, or neither: nothing has changed.</summary>
/// <param name="Version">Names what was read, usable or not: the same content has the same version, also behind a moved symlink.</param>
public sealed record CertificateReading(string Version, SslStreamCertificateContext? Context, string? Error);

/// <summary>A certificate with its private key on disk: PEM (key in the same file or in another) or PFX.</summary>
public sealed record CertificateFile(string Certificate, string? Key, string? Password)
{
    private static readonly byte[] PemMarker = "-----BEGIN "u8.ToArray();

    /// <summary>The files of a listener: its own, else those of section <c>Tls</c>; null when there are none.</summary>
    public static CertificateFile? For(ListenerOptions listener, TlsOptions tls)
    {
        if (listener.Certificate is { } own)
            return new(own, listener.Key, listener.Password);
        return tls.Certificate is { } shared ? new(shared, listener.Key ?? tls.Key, listener.Password ?? tls.Password) : null;
    }

    /// <summary>What to tell when <see cref="For"/> finds none.</summary>
    public static string MissingMessage(ListenerOptions listener) =>
        $"Listener '{listener.Name}' on {listener.Address} needs a certificate: set --cert FILE and --key FILE (Tls:Certificate, Tls:Key) " +
        $"or Listeners:{listener.Name}:Certificate.";

    /// <summary>Reads the files; the context carries the certificate, its key and the chain that is sent to clients.</summary>
    /// <param name="known">The version that the caller has: when the files still hold it, they are not parsed.</param>
    public CertificateReading Read(string? known = null)
    {
        if (!TryReadFile(Certificate, out var certificate, out var error))
            return Failed(error, known);
        var key = certificate;
        if (Key is not null && !TryReadFile(Key, out key, out error))
            return Failed(error, known);

        var version = Convert.ToHexString(SHA256.HashData([.. certificate, .. key]));
        if (version == known)
            return new(version, null, null);
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

    private static CertificateReading Failed(string error, string? known) => new(error, null, error == known ? null : error);

    private static bool TryReadFile(string path, [NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out string? error)
    {
        (bytes, error) = (null, null);
        try
        {
            bytes = File.ReadAllBytes(path);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            error = $"file '{path}' does not exist.";
        }
        catch (UnauthorizedAccessException)
        {
            error = $"file '{path}' may not be read. Give the broker's user the right to read it.";
        }
        catch (IOException e)
        {
            error = $"file '{path}' cannot be read: {e.Message}";
        }
        return false;
    }

    private SslStreamCertificateContext Parse(byte[] certificate, byte[] key)
    {
        var (leaf, chain) = certificate.AsSpan().IndexOf(PemMarker) >= 0
            ? ParsePem(Encoding.UTF8.GetString(certificate), Encoding.UTF8.GetString(key))
            : ParsePfx(certificate);
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
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
