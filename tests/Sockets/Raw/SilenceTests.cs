using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Raw;

/// <summary>Clients that say nothing, or stop inside a packet; the broker's clock is the test's.</summary>
public sealed class SilenceTests : IAsyncLifetime
{
    /// <summary>Logged when the time for CONNECT has begun to run.</summary>
    private const int AcceptedEvent = 4300;

    /// <summary>The broker's clock has ticks of 100 ms, and a deadline may be met two of them late.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(300);

    private readonly ManualTimeProvider _time = new();
    private SocketGateway? _gateway;

    private SocketGateway Gateway => _gateway ?? throw new InvalidOperationException("The broker is not started.");

    public async ValueTask InitializeAsync() => _gateway = await SocketGateway.StartAsync(_time);

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    public static TheoryData<ListenerKind> Transports => new(Matrix.Transports);

    [Theory, MemberData(nameof(Transports))]
    public async Task ConnectionWithoutConnectEndsAfterTenSeconds(ListenerKind transport)
    {
        await using var client = await RawClient.OpenAsync(Gateway, transport);
        await AcceptedAsync();
        await EndsAfterAsync(client, TimeSpan.FromSeconds(10));
    }

    [Theory, MemberData(nameof(Matrix.VersionsAndTransports), MemberType = typeof(Matrix))]
    public async Task HalfConnectEndsAfterTenSeconds(ProtocolVersion version, ListenerKind transport)
    {
        await using var client = await RawClient.OpenAsync(Gateway, transport, version);
        await client.SendAsync(ClientPackets.Connect(version)[..^1]);
        await AcceptedAsync();
        await EndsAfterAsync(client, TimeSpan.FromSeconds(10));
    }

    [Theory, MemberData(nameof(Matrix.VersionsAndTransports), MemberType = typeof(Matrix))]
    public async Task HalfPublishEndsWithTheKeepAlive(ProtocolVersion version, ListenerKind transport)
    {
        await using var client = await RawClient.OpenAsync(Gateway, transport, version);
        await client.ConnectAsync("half", keepAlive: 10);
        await client.SendAsync([.. ClientPackets.Pingreq(), .. ClientPackets.Publish("topic", "payload", version: version)[..^1]]);
        await client.ReceiveAsync(PacketType.Pingresp); // so the half, of the same write, is there too
        var ended = client.ReceiveToEndAsync();
        _time.Advance(TimeSpan.FromSeconds(15) + Late);
        AssertKeepAliveTimeout(version, await ended);
    }

    [Theory, MemberData(nameof(Matrix.VersionsAndTransports), MemberType = typeof(Matrix))]
    public async Task PingsKeepAnIdleConnectionAndSilenceEndsIt(ProtocolVersion version, ListenerKind transport)
    {
        await using var client = await RawClient.OpenAsync(Gateway, transport, version);
        await client.ConnectAsync("idle", keepAlive: 1);
        for (var ping = 0; ping < 5; ping++)
        {
            _time.Advance(TimeSpan.FromSeconds(1.4));
            await client.SendAsync(ClientPackets.Pingreq());
            await client.ReceiveAsync(PacketType.Pingresp);
        }

        var ended = client.ReceiveToEndAsync();
        _time.Advance(TimeSpan.FromSeconds(1.5) + Late); // [MQTT-3.1.2-22]
        AssertKeepAliveTimeout(version, await ended);
    }

    private Task AcceptedAsync() => Stuck.UntilAsync(() => Gateway.Log.Lines.Any(line => line.EventId == AcceptedEvent), "the broker to accept");

    private async Task EndsAfterAsync(RawClient client, TimeSpan timeout)
    {
        var ended = client.ReceiveToEndAsync();
        _time.Advance(timeout - Late);
        Assert.False(Gateway.Connections.All.Single().IsClosing);
        _time.Advance(Late + Late);
        Assert.Empty(await ended); // before CONNECT there is nothing to answer with
    }

    private static void AssertKeepAliveTimeout(ProtocolVersion version, List<ServerPacket> last)
    {
        if (version == ProtocolVersion.Mqtt5)
        {
            Assert.Equal((PacketType.Disconnect, ReasonCode.KeepAliveTimeout), (Assert.Single(last).Type, last[0].Reason));
        }
        else
        {
            Assert.Empty(last);
        }
    }
}
