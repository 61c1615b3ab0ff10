using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Hosting.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Raw;

/// <summary>A client that does not read: what waits for it is bounded, and its PINGREQ is answered all the same.</summary>
public sealed class FullQueueTests(SharedGateway shared)
{
    private const int ReceiveBuffer = 4096;

    private readonly SocketGateway _gateway = shared.Gateway;

    [Theory, MemberData(nameof(Matrix.WithQoS), MemberType = typeof(Matrix))]
    public async Task PingreqIsAnsweredBehindAFullQueue(ProtocolVersion version, ListenerKind transport, QoS qos)
    {
        var name = $"{Matrix.Client("full", version, transport)}-{(int)qos}";
        await using var subscriber = await RawClient.ConnectAsync(_gateway, transport, version, name, receiveBuffer: ReceiveBuffer);
        await subscriber.SendAsync(ClientPackets.Subscribe(1, name, qos, version));
        await subscriber.ReceiveAsync(PacketType.Suback);
        var connection = await _gateway.ConnectionOfAsync(name);

        int published = await FillAsync(connection, name, qos);
        await subscriber.SendAsync(ClientPackets.Pingreq());
        await Stuck.UntilAsync(() => Replies(connection) == 1 || connection.Outbound.HasRoom, "the PINGRESP to be queued");

        int delivered = 0;
        while (await subscriber.ReceiveAsync() is { } packet && packet.Type != PacketType.Pingresp)
        {
            Assert.Equal(PacketType.Publish, packet.Type);
            delivered++;
        }

        Assert.InRange(delivered, 1, published); // one queue: what was in it comes first
        Assert.False(connection.IsClosing);
    }

    /// <summary>
    /// Publishes until the subscriber's queue and what the kernels hold are full; returns how many messages that took. The queue is
    /// full for moments while the kernels still take; it is full for good when it stays so.
    /// </summary>
    private async Task<int> FillAsync(Connection connection, string topic, QoS qos)
    {
        await using var publisher = await RawClient.ConnectAsync(_gateway, ListenerKind.Tcp, ProtocolVersion.Mqtt5, $"{topic}-publisher");
        var payload = new byte[32 * 1024];
        ushort published = 0;
        for (int full = 0; full < 16; full = connection.Outbound.HasRoom ? 0 : full + 1)
        {
            Assert.Equal(CloseCause.None, connection.Cause);
            published++;
            await publisher.SendAsync(ClientPackets.Publish(topic, payload, QoS.AtLeastOnce, published));
            await publisher.ReceiveAsync(PacketType.Puback);
        }

        return published;
    }

    private static int Replies(Connection connection) => connection.Outbound.Count - connection.Outbound.Publishes;
}
