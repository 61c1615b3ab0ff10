using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>Handshakes that fail in every way: nothing stays behind, and no other client notices. The figures of 24,000: <c>tests/Load handshakes</c>.</summary>
public sealed class BrokenHandshakeTests : IDisposable
{
    private const int Attempts = 240;

    private readonly TemporaryDirectory _directory = new();
    private readonly TlsOptions _tls;

    public BrokenHandshakeTests()
    {
        _tls = new() { Certificate = _directory.File("cert.pem"), Key = _directory.File("key.pem"), MaximumHandshakes = 2 };
        using var certificate = TestCertificate.Create("patient");
        TestCertificate.WritePem(certificate, _tls.Certificate, _tls.Key);
    }

    public static TheoryData<ListenerKind> Kinds => [ListenerKind.Tls, ListenerKind.Wss];

    public void Dispose() => _directory.Dispose();

    [Theory, MemberData(nameof(Kinds))]
    public async Task TurnsComeBackAndConnectionsGoOn(ListenerKind kind)
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow()); // no timeout helps
        await using var harness = await ListenerHarness.StartAsync(kind, _tls, time);
        await using var connected = await new SecureClient().ConnectAsync(harness.Listener.EndPoint);

        await Parallel.ForAsync(0, Attempts, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await BrokenHandshake.RunAsync(harness.Listener.EndPoint, BrokenHandshake.Faults[i % BrokenHandshake.Faults.Length]).OrStuck("the end of an attempt"));

        await Stuck.UntilAsync(() => time.ArmedTimers == 1, "the last timeout to be given back"); // the certificate's poll is left
        await using var next = await new SecureClient().ConnectAsync(harness.Listener.EndPoint).OrStuck("a handshake after them");
        Assert.InRange(harness.Handler.Accepted.Count, 0, 2);
        foreach (var client in kind == ListenerKind.Tls ? (IEnumerable<Stream>)[connected, next] : [])
        {
            await client.WriteAsync("hello"u8.ToArray());
            await client.ReadExactlyAsync(new byte[5]).AsTask().OrStuck("the echo");
        }
        Assert.All(harness.Log.Lines, line => Assert.True(line.Level <= Microsoft.Extensions.Logging.LogLevel.Warning, line.Message));
    }

    [Theory]
    [InlineData(HandshakeFault.Garbage)]
    [InlineData(HandshakeFault.Truncated)]
    [InlineData(HandshakeFault.OldVersion)]
    [InlineData(HandshakeFault.Reset)]
    [InlineData(HandshakeFault.GarbageAfterHello)]
    public async Task EachIsOneLine(HandshakeFault fault)
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);

        await BrokenHandshake.RunAsync(harness.Listener.EndPoint, fault).OrStuck("the end of the attempt");

        await Stuck.UntilAsync(() => harness.Log.Lines.Any(line => line.EventId == 1110), "the line");
        Assert.Single(harness.Log.Lines, line => line.EventId == 1110);
    }
}
