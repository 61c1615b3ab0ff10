using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Silo.Configuration;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

public sealed class TlsOptionsTests : IDisposable
{
    private static readonly string[] Mutual = ["Tls:Certificate=x", "Tls:ClientCertificates=Require"];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void CertificatesAreListedByNameOrNumber()
    {
        var (options, errors) = Load("Tls:Certificates:0:Certificate=a.pem", "tls:certificates:0:key=a.key", "Tls:Certificates:plant:Certificate=b.pfx",
            "Tls:Certificates:plant:Password=secret");

        Assert.Empty(errors);
        Assert.Equal(
            [("0", "a.pem", "a.key", null), ("plant", "b.pfx", null, "secret")],
            options.Tls.Certificates.Select(entry => (entry.Name, entry.Certificate, entry.Key, entry.Password)));
    }

    [Fact]
    public void ListInAFileIsNumbered()
    {
        var file = _directory.File("grainmq.json");
        File.WriteAllText(file, """{ "Tls": { "Certificates": [ { "Certificate": "a.pem" }, { "Certificate": "b.pem", "Key": "b.key" } ] } }""");

        var (options, errors) = new GatewayConfiguration(
            file, new Dictionary<ListenerKind, IReadOnlyList<string>>(),
            [new("Tls:Certificates:1:Certificate", "c.pem", "--set")]).Load();

        Assert.Empty(errors);
        Assert.Equal([("0", "a.pem", null), ("1", "c.pem", "b.key")], options.Tls.Certificates.Select(entry => (entry.Name, entry.Certificate, entry.Key)));
    }

    [Theory]
    [InlineData("Tls:Certificates:0:Kye=x", "Tls:Certificates:0:Key")]
    [InlineData("Tls:Certificates:0:Name=x", "Tls:Certificates:0:Key")]
    [InlineData("Tls:Certificates=x", "Tls:Certificates:NAME:Key")]
    [InlineData("Tls:Certificates:0=x", "Tls:Certificate")]
    [InlineData("Tls:ClientCertificate=Require", "Tls:ClientCertificates")]
    [InlineData("Tls:ClientCA2=x", "Tls:ClientCa")]
    [InlineData("Tls:CipherSuite=x", "Tls:CipherSuites")]
    [InlineData("Listeners:tls:ClientCertificate=None", "Listeners:tls:ClientCertificates")]
    public void NearMissNamesTheKey(string setting, string nearest) => Assert.Contains($"Did you mean {nearest}?", Assert.Single(Load(setting).Errors));

    [Theory]
    [InlineData("Tls:ClientCertificates=maybe", "expected None, Request, Require")]
    [InlineData("Tls:ClientUserName=cn", "expected None, CommonName, SubjectAlternativeName")]
    [InlineData("Tls:MinimumVersion=1.1", "expected Tls12, Tls13")]
    [InlineData("Tls:Certificates:a b:Certificate=x", "a certificate's name has 1 to 32")]
    [InlineData("Tls:Certificates:0:Key=x", "Tls:Certificates:0 needs a file: set Tls:Certificates:0:Certificate")]
    [InlineData("Tls:ClientCa=x", "Tls:ClientCa has no effect because no client is asked for a certificate")]
    [InlineData("Tls:ClientUserName=CommonName", "Tls:ClientUserName has no effect because no client is asked for a certificate")]
    [InlineData("Listeners:tcp:ClientCertificates=Require", "has no effect on a tcp listener")]
    [InlineData("Tls:CipherSuites=TLS_AES_128_GCM_SHA265", "'TLS_AES_128_GCM_SHA265' is not a cipher suite. Did you mean TLS_AES_128_GCM_SHA256?")]
    [InlineData("Tls:CipherSuites=4865", "'4865' is not a cipher suite")]
    [InlineData("Tls:CipherSuites=,", "names no cipher suite")]
    public void WhatMakesNoSenseIsAnErrorWithItsCure(string setting, string words) => Assert.Contains(words, Assert.Single(Load(setting).Errors));

    [Fact]
    public void ListWithoutAuthoritiesIsAnError() => Assert.Contains(
        Load([.. Mutual, "Tls:ClientCrl=x"]).Errors, error => error.Contains("Tls:ClientCrl has no effect without Tls:ClientCa", StringComparison.Ordinal));

    [Fact]
    public void AskingForCertificatesNeedsAuthorities()
    {
        string[] listener = ["Listeners:tls:Address=127.0.0.1:8883"];

        Assert.Contains("'tls' asks clients for certificates but trusts no authority: set Tls:ClientCa", Assert.Single(Load([.. Mutual, .. listener]).Errors));
        Assert.Empty(Load([.. Mutual, .. listener, "Tls:ClientCa=x"]).Errors);
        Assert.Empty(Load([.. Mutual, .. listener, "Listeners:tls:ClientCertificates=None"]).Errors);
        Assert.Empty(Load(Mutual).Errors); // no listener that could ask
    }

    [Fact]
    public void Version13NeedsOneOfItsCipherSuites()
    {
        Assert.Contains("no client could connect", Assert.Single(Load("Tls:MinimumVersion=tls13", "Tls:CipherSuites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256").Errors));
        Assert.Empty(Load("Tls:MinimumVersion=tls13", "Tls:CipherSuites=TLS_AES_128_GCM_SHA256").Errors);
    }

    [Fact]
    public void QuicNeedsACipherSuiteOfVersion13()
    {
        string[] listener = ["Listeners:quic:Address=127.0.0.1:14567", "Tls:Certificate=x"];
        Assert.Contains("QUIC has no other version", Assert.Single(Load([.. listener, "Tls:CipherSuites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]).Errors));
        Assert.Empty(Load([.. listener, "Tls:CipherSuites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_AES_128_GCM_SHA256"]).Errors);
    }

    private static (GatewayOptions Options, IReadOnlyList<string> Errors) Load(params string[] settings) => new GatewayConfiguration(
        null, new Dictionary<ListenerKind, IReadOnlyList<string>>(),
        [.. settings.Select(setting => new Setting(setting.Split('=')[0], setting.Split('=')[1], "--set"))]).Load();
}
