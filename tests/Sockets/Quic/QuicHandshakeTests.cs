using System.Net;
using System.Net.Quic;
using System.Runtime.Versioning;
using System.Security.Authentication;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Transports;
using GrainMQ.Tests.Sockets.Hosting;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Quic;

/// <summary>The settings of TLS listeners hold for QUIC's handshake too.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed class QuicHandshakeTests : IDisposable
{
    private const int CertificateRefused = 1153;
    private const int ClientsRefused = 1154;

    private readonly TemporaryDirectory _directory = new();
    private readonly TestAuthority _authority = new("authority");
    private readonly TlsOptions _tls;

    public QuicHandshakeTests()
    {
        Matrix.SkipWhenMissing(ListenerKind.Quic);
        _tls = new()
        {
            Certificate = _directory.File("cert.pem"),
            Key = _directory.File("key.pem"),
            ClientCertificates = ClientCertificateMode.Require,
            ClientCa = _directory.File("ca.pem"),
            ClientUserName = CertificateUserName.CommonName,
        };
        using var server = TestCertificate.Create("server");
        TestCertificate.WritePem(server, _tls.Certificate, _tls.Key);
        File.WriteAllText(_tls.ClientCa, _authority.Certificate.ExportCertificatePem());
    }

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task NameInTheClientsCertificateBecomesTheUserName()
    {
        using var certificate = _authority.Issue("CN=sensor 7");
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Quic, _tls);
        await using var connection = await ConnectAsync(harness, new() { Certificate = certificate });
        var transport = await harness.Handler.First.Task.OrStuck("the connection");
        Assert.Equal((TransportKind.Quic, "sensor 7"), (transport.Kind, transport.UserName));
    }

    [Fact]
    public async Task ClientsWithoutAGoodCertificateAreRefused()
    {
        using var stranger = new TestAuthority("stranger");
        using var certificate = stranger.Issue("CN=sensor 7");
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Quic, _tls);
        await RefusedAsync(harness, new() { Certificate = certificate });
        await Stuck.UntilAsync(() => harness.Log.Lines.Any(line => line.EventId == CertificateRefused), "the line in the log");
        Assert.Contains("Tls:ClientCa", harness.Log.Lines.First(line => line.EventId == CertificateRefused).Message);
        await RefusedAsync(harness, new());
        Assert.Empty(harness.Handler.Accepted);
    }

    [Fact]
    public async Task AskingForAnotherApplicationProtocolIsToldInTheLog()
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        _tls.ClientCertificates = ClientCertificateMode.None;
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Quic, _tls, time);
        var endPoint = Assert.IsType<IPEndPoint>(harness.Listener.EndPoint);
        await Assert.ThrowsAnyAsync<AuthenticationException>(
            () => QuicDialer.ConnectAsync(new SecureClient().Options(), endPoint, protocol: "h3").OrStuck("the refusal"));
        Assert.DoesNotContain(harness.Log.Lines, line => line.EventId == ClientsRefused);

        await Stuck.UntilAsync(
            () =>
            {
                time.Advance(QuicRefusals.Interval); // again and again: .NET reads the library's counters no more often than it likes
                return harness.Log.Lines.Any(line => line.EventId == ClientsRefused && line.Message.Contains("application protocol 'mqtt' (ALPN)", StringComparison.Ordinal));
            },
            "the line in the log");
    }

    private static Task<QuicConnection> ConnectAsync(ListenerHarness harness, SecureClient client) =>
        QuicDialer.ConnectAsync(client.Options(), Assert.IsType<IPEndPoint>(harness.Listener.EndPoint)).OrStuck("the handshake");

    // A client of TLS 1.3 may have finished its handshake before the server refuses it: then the first use of the connection fails.
    private static async Task RefusedAsync(ListenerHarness harness, SecureClient client) => await Assert.ThrowsAnyAsync<Exception>(async () =>
    {
        await using var connection = await ConnectAsync(harness, client);
        await using var stream = await connection.OpenOutboundStreamAsync(QuicStreamType.Bidirectional);
        await stream.WriteAsync(new byte[1]);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().OrStuck("the refusal"));
    });
}
