using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrainMQ.Tests.Testing;

/// <summary>Issues certificates and revocation lists, signed with ECDSA or RSA; valid for a year around now.</summary>
public sealed class TestAuthority : IDisposable
{
    public const string ForClients = "1.3.6.1.5.5.7.3.2";
    public const string ForServers = "1.3.6.1.5.5.7.3.1";

    private readonly CertificateRevocationListBuilder _revoked = new();
    private int _lists;

    /// <param name="issuer">Null: a root.</param>
    public TestAuthority(string name, TestAuthority? issuer = null, bool rsa = false)
    {
        if (rsa)
        {
            using var key = RSA.Create(2048);
            using var certificate = Sign(new($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), issuer);
            Certificate = issuer is null ? new(certificate) : certificate.CopyWithPrivateKey(key);
        }
        else
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var certificate = Sign(new($"CN={name}", key, HashAlgorithmName.SHA256), issuer);
            Certificate = issuer is null ? new(certificate) : certificate.CopyWithPrivateKey(key);
        }
    }

    public X509Certificate2 Certificate { get; }

    private X509SignatureGenerator Signer => Certificate.GetRSAPrivateKey() is { } rsa
        ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
        : X509SignatureGenerator.CreateForECDsa(Certificate.GetECDsaPrivateKey() ?? throw new InvalidOperationException("No key."));

    private static DateTimeOffset Begin { get; } = DateTimeOffset.UtcNow.AddMonths(-6);

    private static DateTimeOffset End { get; } = DateTimeOffset.UtcNow.AddMonths(6);

    /// <param name="subject">A distinguished name, such as <c>CN=name</c>.</param>
    /// <param name="usage">The extended key usage.</param>
    /// <param name="until">Null: the authority's own end.</param>
    public X509Certificate2 Issue(
        string subject, string usage = ForClients, Action<SubjectAlternativeNameBuilder>? names = null, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        if (names is not null)
        {
            var builder = new SubjectAlternativeNameBuilder();
            names(builder);
            request.CertificateExtensions.Add(builder.Build());
        }
        using var certificate = request.Create(Certificate.SubjectName, Signer, Begin, until ?? End.AddDays(-1), NewSerial());
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>A server's certificate for these hosts.</summary>
    public X509Certificate2 IssueServer(params string[] hosts) => Issue($"CN={hosts[0]}", ForServers, names =>
    {
        foreach (var host in hosts)
        {
            names.AddDnsName(host);
        }
    });

    public void Revoke(X509Certificate2 certificate, X509RevocationReason reason = X509RevocationReason.KeyCompromise) =>
        _revoked.AddEntry(certificate, reason: reason);

    /// <summary>The list of everything revoked so far, in DER.</summary>
    /// <param name="nextUpdate">Default: in a month.</param>
    public byte[] RevocationList(DateTimeOffset? nextUpdate = null) => _revoked.Build(
        Certificate, ++_lists, nextUpdate ?? DateTimeOffset.UtcNow.AddMonths(1), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1,
        thisUpdate: (nextUpdate ?? DateTimeOffset.UtcNow).AddMonths(-1));

    public string RevocationListPem(DateTimeOffset? nextUpdate = null) => PemEncoding.WriteString("X509 CRL", RevocationList(nextUpdate));

    public void Dispose() => Certificate.Dispose();

    private static X509Certificate2 Sign(CertificateRequest request, TestAuthority? issuer)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (issuer is null)
        {
            return request.CreateSelfSigned(Begin, End);
        }

        return request.Create(issuer.Certificate.SubjectName, issuer.Signer, Begin, End, NewSerial());
    }

    private static byte[] NewSerial() => new BigInteger(Guid.NewGuid().ToByteArray(), isUnsigned: true).ToByteArray(isUnsigned: false, isBigEndian: true);
}
