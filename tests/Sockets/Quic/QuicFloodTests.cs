using System.Runtime.Versioning;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Sockets.Quic;

/// <summary>QUIC connections that come to nothing: nothing stays behind, and no other client notices. The figures of 24,000: <c>tests/Load handshakes --quic</c>.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed class QuicFloodTests
{
    private const int Attempts = 140;

    [Fact]
    public async Task BrokenHandshakesLeaveNothingBehind()
    {
        Matrix.SkipWhenMissing(ListenerKind.Quic);
        await using var gateway = await SocketGateway.StartAsync();
        await using var before = await RawClient.ConnectAsync(gateway, ListenerKind.Quic, ProtocolVersion.Mqtt5, "before");
        var endPoint = gateway.EndPoint(ListenerKind.Quic);

        await Parallel.ForAsync(0, Attempts, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await BrokenQuicHandshake.RunAsync(endPoint, BrokenQuicHandshake.Faults[i % BrokenQuicHandshake.Faults.Length]).OrStuck("the end of an attempt"));

        await PingAsync(before);
        await using var after = await RawClient.ConnectAsync(gateway, ListenerKind.Quic, ProtocolVersion.Mqtt5, "after");
        await PingAsync(after);
        await Stuck.UntilAsync(() => gateway.Connections.All.Count() == 2, "the connections without a stream to end");
        Assert.DoesNotContain(gateway.Log.Lines, line => line.Level > LogLevel.Warning);
    }

    private static async Task PingAsync(RawClient client)
    {
        await client.SendAsync(ClientPackets.Pingreq());
        await client.ReceiveAsync(PacketType.Pingresp);
    }
}
