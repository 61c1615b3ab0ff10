using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting.Certificates;

public sealed class CertificateNamesTests : IDisposable
{
    private readonly TestAuthority _authority = new("authority");

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("CN=sensor", "sensor")]
    [InlineData("CN=sensor,O=plant,C=DE", "sensor")]
    [InlineData("O=plant,CN=Straße 7", "Straße 7")]
    [InlineData("CN=inner,OU=x,CN=outer", "inner")] // the most specific one
    [InlineData("O=plant", null)]
    [InlineData("", null)]
    [InlineData("E=CN=fake@example.com", null)]
    public void CommonNameIsTheSubjects(string subject, string? expected)
    {
        using var certificate = _authority.Issue(subject);
        Assert.Equal(expected, CertificateNames.CommonName(certificate));
    }

    [Fact]
    public void AlternativeNameIsTheFirstOfTheStrongestKind()
    {
        using var all = _authority.Issue("CN=a", names: names =>
        {
            names.AddIpAddress(IPAddress.Loopback);
            names.AddUri(new Uri("urn:sensor:7"));
            names.AddEmailAddress("seven@example.com");
            names.AddDnsName("first.example.com");
            names.AddDnsName("second.example.com");
        });
        using var two = _authority.Issue("CN=a", names: names =>
        {
            names.AddUri(new Uri("urn:sensor:7"));
            names.AddUserPrincipalName("seven@principal");
            names.AddEmailAddress("seven@example.com");
        });
        using var one = _authority.Issue("CN=a", names: names => names.AddUri(new Uri("urn:sensor:7")));
        using var address = _authority.Issue("CN=a", names: names => names.AddIpAddress(IPAddress.Loopback));
        using var none = _authority.Issue("CN=a");

        Assert.Equal("first.example.com", CertificateNames.AlternativeName(all));
        Assert.Equal("seven@example.com", CertificateNames.AlternativeName(two));
        Assert.Equal("urn:sensor:7", CertificateNames.AlternativeName(one));
        Assert.Null(CertificateNames.AlternativeName(address));
        Assert.Null(CertificateNames.AlternativeName(none));
    }

    [Fact]
    public void ServerNamesAreTheAlternativeOnesElseTheCommonOne()
    {
        using var several = _authority.IssueServer("a.example.com", "*.b.example.com");
        using var old = _authority.Issue("CN=old.example.com", TestAuthority.ForServers);

        Assert.Equal(["a.example.com", "*.b.example.com"], CertificateNames.ServerNames(several));
        Assert.Equal(["old.example.com"], CertificateNames.ServerNames(old));
    }

    [Fact]
    public void MalformedAlternativeNamesAreAnError()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", [0x30, 0x05, 0x82, 0x09, 1, 2, 3], critical: false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));

        Assert.Throws<CryptographicException>(() => CertificateNames.AlternativeName(certificate));
    }
}
