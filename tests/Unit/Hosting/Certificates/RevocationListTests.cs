using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting.Certificates;

public sealed class RevocationListTests : IDisposable
{
    private readonly TestAuthority _authority = new("authority");

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ListOfAnAuthorityIsRead(bool rsa)
    {
        using var authority = new TestAuthority("authority", rsa: rsa);
        using var good = authority.Issue("CN=good");
        using var lost = authority.Issue("CN=lost");
        using var closed = authority.Issue("CN=closed");
        authority.Revoke(lost, X509RevocationReason.KeyCompromise);
        authority.Revoke(closed, X509RevocationReason.CessationOfOperation);
        var until = new DateTimeOffset(2051, 1, 1, 0, 0, 0, TimeSpan.Zero); // from 2050 on another type of time

        var list = new RevocationList(authority.RevocationList(until));

        Assert.Equal("CN=authority", list.Issuer.Name);
        Assert.Equal(until, list.NextUpdate);
        Assert.Equal(2, list.Count);
        Assert.Null(list.Find(good));
        Assert.Equal("keyCompromise", list.Find(lost)?.Reason);
        Assert.Equal("cessationOfOperation", list.Find(closed)?.Reason);
        Assert.True(list.IsSignedBy(authority.Certificate));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void NamesakeHasNotSignedIt(bool rsa)
    {
        using var namesake = new TestAuthority("authority", rsa: rsa);

        Assert.False(new RevocationList(_authority.RevocationList()).IsSignedBy(namesake.Certificate));
    }

    [Fact]
    public void EmptyListRevokesNothing() => Assert.Equal(0, new RevocationList(_authority.RevocationList()).Count);

    [Fact]
    public void EveryCutIsRefused()
    {
        using var certificate = _authority.Issue("CN=bad");
        _authority.Revoke(certificate);
        var whole = _authority.RevocationList();
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<CryptographicException>(() => new RevocationList(whole.AsMemory(0, length)));
        }
    }

    [Fact]
    public void EveryChangedByteIsRefusedOrBreaksTheSignature()
    {
        using var certificate = _authority.Issue("CN=bad");
        _authority.Revoke(certificate);
        var whole = _authority.RevocationList();
        for (var i = 0; i < whole.Length; i++)
        {
            var changed = whole.ToArray();
            changed[i] ^= (byte)(1 << (i % 8));
            try
            {
                Assert.False(new RevocationList(changed).IsSignedBy(_authority.Certificate), $"byte {i}");
            }
            catch (CryptographicException)
            {
                // expected: it says what is wrong
            }
        }
    }

    [Theory]
    [InlineData("2.5.29.28", true)] // of one distribution point
    [InlineData("2.5.29.27", true)] // delta
    [InlineData("2.5.29.28", false)] // not critical: may be ignored
    public void ListOfAPartOfTheCertificatesIsRefused(string extension, bool isCritical)
    {
        var der = Encode(extension, isCritical);
        if (isCritical)
        {
            Assert.Contains(extension, Assert.Throws<CryptographicException>(() => new RevocationList(der)).Message);
        }
        else
        {
            Assert.Equal(new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero), new RevocationList(der).ThisUpdate);
        }
    }

    [Fact]
    public void WeakSignatureIsRefused()
    {
        var list = new RevocationList(Encode("2.5.29.28", isCritical: false));

        Assert.Contains("1.2.840.113549.1.1.5", Assert.Throws<CryptographicException>(() => list.IsSignedBy(_authority.Certificate)).Message);
    }

    // Version 2, without nextUpdate and without entries, "signed" with SHA-1.
    private byte[] Encode(string extension, bool isCritical)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(BigInteger.One);
                WriteAlgorithm(writer);
                writer.WriteEncodedValue(_authority.Certificate.SubjectName.RawData);
                writer.WriteUtcTime(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                using (writer.PushSequence())
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(extension);
                    if (isCritical)
                    {
                        writer.WriteBoolean(true);
                    }

                    writer.WriteOctetString([5, 0]);
                }
            }
            WriteAlgorithm(writer);
            writer.WriteBitString([0]);
        }
        return writer.Encode();
    }

    private static void WriteAlgorithm(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.113549.1.1.5");
            writer.WriteNull();
        }
    }
}
