using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>Says why and since when a certificate is revoked (RFC 5280 §5.3).</summary>
/// <param name="Reason">The name of the reason code in RFC 5280 §5.3.1.</param>
internal sealed record Revocation(DateTimeOffset Date, string Reason);

/// <summary>
/// A certificate revocation list (RFC 5280 §5) as its authority issues it. The platform checks a chain only against lists that it
/// downloads or keeps itself, never against a file, so the file is read here. Lists for a part of the certificates only (delta lists,
/// distribution points, other issuers' certificates) are refused as a whole: taken for complete, they would let revoked ones in.
/// </summary>
internal sealed class RevocationList
{
    private static readonly string[] Reasons =
    [
        "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation", "certificateHold",
        "unused", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
    ];

    private readonly Dictionary<BigInteger, Revocation> _revoked = [];
    private readonly byte[] _signed;
    private readonly string _algorithm;
    private readonly byte[] _signature;

    /// <param name="der">The list in DER.</param>
    /// <exception cref="CryptographicException">It is malformed, or of a kind that is not supported.</exception>
    public RevocationList(ReadOnlyMemory<byte> der)
    {
        try
        {
            var list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            _signed = list.PeekEncodedValue().ToArray();
            Issuer = ReadContent(list.ReadSequence());
            _algorithm = list.ReadSequence().ReadObjectIdentifier();
            _signature = list.ReadBitString(out _);
            list.ThrowIfNotEmpty();
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException("it is not a revocation list, or a damaged one", e);
        }
    }

    public X500DistinguishedName Issuer { get; }

    public DateTimeOffset ThisUpdate { get; private set; }

    /// <summary>Time when the list expires because a newer one must exist; null when it never does.</summary>
    public DateTimeOffset? NextUpdate { get; private set; }

    public int Count => _revoked.Count;

    /// <summary>Finds the revocation of a certificate; null when it is not revoked.</summary>
    public Revocation? Find(X509Certificate2 certificate) =>
        _revoked.GetValueOrDefault(new BigInteger(certificate.SerialNumberBytes.Span, isUnsigned: false, isBigEndian: true));

    /// <summary>Returns whether this authority has issued the list, by its name and its signature.</summary>
    /// <exception cref="CryptographicException">The signature's algorithm is not supported.</exception>
    public bool IsSignedBy(X509Certificate2 authority)
    {
        if (!authority.SubjectName.RawData.AsSpan().SequenceEqual(Issuer.RawData))
        {
            return false;
        }

        var hash = _algorithm switch
        {
            "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
            _ => throw new CryptographicException($"its signature algorithm {_algorithm} is not RSA or ECDSA with SHA-256, 384 or 512"),
        };
        using var rsa = authority.GetRSAPublicKey();
        using var ecdsa = authority.GetECDsaPublicKey();
        if (_algorithm.StartsWith("1.2.840.113549.", StringComparison.Ordinal))
        {
            return rsa?.VerifyData(_signed, _signature, hash, RSASignaturePadding.Pkcs1) ?? false;
        }

        return ecdsa?.VerifyData(_signed, _signature, hash, DSASignatureFormat.Rfc3279DerSequence) ?? false;
    }

    private X500DistinguishedName ReadContent(AsnReader content)
    {
        if (content.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            content.ReadInteger(); // the version
        }

        content.ReadSequence(); // the algorithm once more
        var issuer = new X500DistinguishedName(content.ReadEncodedValue().Span);
        ThisUpdate = ReadTime(content);
        if (content.HasData && IsTime(content))
        {
            NextUpdate = ReadTime(content);
        }

        if (content.HasData && content.PeekTag() == Asn1Tag.Sequence)
        {
            ReadRevoked(content.ReadSequence());
        }

        var extensions = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (content.HasData)
        {
            ReadExtensions(content.ReadSequence(extensions).ReadSequence(), static (_, _) => false);
        }

        content.ThrowIfNotEmpty();
        return issuer;
    }

    private void ReadRevoked(AsnReader entries)
    {
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            var serial = entry.ReadInteger();
            var date = ReadTime(entry);
            var reason = 0;
            if (entry.HasData)
            {
                ReadExtensions(entry.ReadSequence(), (oid, value) => TryReadReason(oid, value, ref reason));
            }

            entry.ThrowIfNotEmpty();
            _revoked[serial] = new Revocation(date, Reasons[reason]);
        }
    }

    private static bool TryReadReason(string oid, ReadOnlyMemory<byte> value, ref int reason)
    {
        if (oid != "2.5.29.21")
        {
            return false;
        }

        var code = new AsnReader(value, AsnEncodingRules.DER).ReadEnumeratedBytes().Span;
        reason = code is [var number] && number < Reasons.Length ? number : 0;
        return true;
    }

    // RFC 5280 §5.2 and §5.3: a list with a critical extension that is not understood must not be used.
    private static void ReadExtensions(AsnReader extensions, Func<string, ReadOnlyMemory<byte>, bool> isUnderstood)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            if (!isUnderstood(oid, extension.ReadOctetString()) && isCritical)
            {
                throw new CryptographicException($"it has the critical extension {oid}: a list of a part of the certificates only is not supported");
            }
        }
    }

    private static bool IsTime(AsnReader reader) =>
        reader.PeekTag() == Asn1Tag.UtcTime || reader.PeekTag() == Asn1Tag.GeneralizedTime;

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
