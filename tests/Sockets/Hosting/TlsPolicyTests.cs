using System.Net.Security;
using System.Security.Authentication;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>Versions and cipher suites that the operator allows.</summary>
public sealed class TlsPolicyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TlsOptions _tls;

    public TlsPolicyTests()
    {
        _tls = new() { Certificate = _directory.File("cert.pem"), Key = _directory.File("key.pem") };
        using var certificate = TestCertificate.Create("policy");
        TestCertificate.WritePem(certificate, _tls.Certificate, _tls.Key);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task OlderVersionThanTheMinimumIsRefused()
    {
        _tls.MinimumVersion = TlsVersion.Tls13;
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(harness, new() { Protocols = SslProtocols.Tls12 }));
        await using var client = await ConnectAsync(harness, new());

        Assert.Equal(SslProtocols.Tls13, client.SslProtocol);
        Assert.Single(harness.Log.Lines, line => line.EventId == 1110);
    }

    [Theory]
    [InlineData(SslProtocols.Tls13, TlsCipherSuite.TLS_AES_256_GCM_SHA384)]
    [InlineData(SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)]
    public async Task ListedCipherSuiteIsUsed(SslProtocols version, TlsCipherSuite expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the platform sets cipher suites for the whole machine");
        _tls.CipherSuites = "tls_aes_256_gcm_sha384, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);

        await using var client = await ConnectAsync(harness, new() { Protocols = version });

        Assert.Equal(expected, client.NegotiatedCipherSuite);
    }

    [Fact]
    public async Task ClientWithOtherCipherSuitesIsRefused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the platform sets cipher suites for the whole machine");
        _tls.CipherSuites = "TLS_AES_256_GCM_SHA384";
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(harness, new() { CipherSuites = [TlsCipherSuite.TLS_AES_128_GCM_SHA256] }));
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(harness, new() { Protocols = SslProtocols.Tls12 }));

        Assert.Empty(harness.Handler.Accepted);
    }

    private static Task<SslStream> ConnectAsync(ListenerHarness harness, SecureClient client) => client.ConnectAsync(harness.Listener.EndPoint);
}
