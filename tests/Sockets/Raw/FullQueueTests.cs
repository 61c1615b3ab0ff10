using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Raw;

/// <summary>A client that does not read: what waits for it is bounded, and its PINGREQ is answered all the same.</summary>
public sealed class FullQueueTests(SharedGateway shared)
{
    private const int ReceiveBuffer = 4096;

    private readonly SocketGateway _gateway = shared.Gateway;

    public static TheoryData<ListenerKind> Transports => new(Matrix.Transports);

    [Theory, MemberData(nameof(Matrix.WithQoS), MemberType = typeof(Matrix))]
    public async Task PingreqIsAnsweredBehindAFullQueue(ProtocolVersion version, ListenerKind transport, QoS qos)
    {
        var name = $"{Matrix.Client("full", version, transport)}-{(int)qos}";
        await using var subscriber = await RawClient.ConnectAsync(_gateway, transport, version, name, receiveBuffer: ReceiveBuffer);
        await subscriber.SendAsync(ClientPackets.Subscribe(1, name, qos, version));
        await subscriber.ReceiveAsync(PacketType.Suback);
        var connection = await _gateway.ConnectionOfAsync(name);

        var published = await FillAsync(_gateway, connection, name);
        await subscriber.SendAsync(ClientPackets.Pingreq());
        await Stuck.UntilAsync(() => Replies(connection) == 1 || connection.Outbound.HasRoom, "the PINGRESP to be queued");

        var delivered = 0;
        while (await subscriber.ReceiveAsync() is { } packet && packet.Type != PacketType.Pingresp)
        {
            Assert.Equal(PacketType.Publish, packet.Type);
            delivered++;
        }

        Assert.InRange(delivered, 1, published); // one queue: what was in it comes first
        Assert.Equal(CloseCause.None, connection.Cause);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task ClientMayGoAwayBehindAFullQueue(ListenerKind transport)
    {
        await using var gateway = await SocketGateway.StartAsync(); // its disposal looks for errors in the log
        for (var round = 0; round < 20; round++)
        {
            await using (var subscriber = await RawClient.ConnectAsync(gateway, transport, ProtocolVersion.Mqtt5, "gone", receiveBuffer: ReceiveBuffer))
            {
                await subscriber.SendAsync(ClientPackets.Subscribe(1, "gone"));
                await subscriber.ReceiveAsync(PacketType.Suback);
                await FillAsync(gateway, await gateway.ConnectionOfAsync("gone"), "gone");
                subscriber.Drop();
            }

            await Stuck.UntilAsync(() => gateway.Connections.All.All(connection => connection.Client.Id != "gone"), "the connection to end");
        }
    }

    /// <summary>Publishes until the subscriber's queue and what the kernels hold are full; returns how many messages that took.</summary>
    private static async Task<int> FillAsync(SocketGateway gateway, Connection connection, string topic)
    {
        await using var publisher = await RawClient.ConnectAsync(gateway, ListenerKind.Tcp, ProtocolVersion.Mqtt5, $"{topic}-publisher");
        var payload = new byte[16 * 1024];
        ushort published = 0;
        while (connection.Session is SessionPart { Waiting: < 8 }) // behind a queue that has no room
        {
            published++;
            await publisher.SendAsync(ClientPackets.Publish(topic, payload, QoS.AtLeastOnce, published));
            await publisher.ReceiveAsync(PacketType.Puback);
        }

        return published;
    }

    private static int Replies(Connection connection) => connection.Outbound.Count - connection.Outbound.Publishes;
}
