using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>Reads the names inside a certificate.</summary>
internal static class CertificateNames
{
    private const string CommonNameOid = "2.5.4.3";

    private static readonly Asn1Tag Email = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag Dns = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>Returns the hosts that the certificate is for: its alternative DNS names, else its Common Name (RFC 6125 §6.4.4).</summary>
    /// <exception cref="CryptographicException">They are malformed.</exception>
    public static IReadOnlyList<string> ServerNames(X509Certificate2 certificate)
    {
        string[] names = [.. AlternativeNames(certificate, Dns)];
        return names.Length == 0 && CommonName(certificate) is { } name ? [name] : names;
    }

    /// <summary>Returns the most specific Common Name; null when there is none.</summary>
    /// <exception cref="CryptographicException">The subject is malformed.</exception>
    public static string? CommonName(X509Certificate2 certificate) => certificate.SubjectName.EnumerateRelativeDistinguishedNames()
        .FirstOrDefault(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameOid)?.GetSingleElementValue();

    /// <summary>Returns the first DNS name, else the first e-mail address, else the first URI; null when there is none.</summary>
    /// <exception cref="CryptographicException">The extension is malformed.</exception>
    public static string? AlternativeName(X509Certificate2 certificate) =>
        AlternativeNames(certificate, Dns).Concat(AlternativeNames(certificate, Email)).Concat(AlternativeNames(certificate, Uri)).FirstOrDefault();

    private static List<string> AlternativeNames(X509Certificate2 certificate, Asn1Tag kind)
    {
        var found = new List<string>();
        if (certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is not { } extension)
        {
            return found;
        }

        try
        {
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag() == kind)
                {
                    found.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, kind));
                }
                else
                {
                    names.ReadEncodedValue();
                }
            }
            return found;
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException("its alternative names are malformed", e);
        }
    }
}
