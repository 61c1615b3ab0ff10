using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Quic;

/// <summary>Several streams on a real connection: what <c>tests/InMemory/Quic</c> shows in memory, by one row for each version and QoS.</summary>
public sealed class QuicStreamTests(SharedGateway shared)
{
    private readonly SocketGateway _gateway = shared.Gateway;

    public static TheoryData<ProtocolVersion, QoS> Rows => new(
        from version in Matrix.Versions
        from qos in Enum.GetValues<QoS>()
        select (version, qos));

    [Theory, MemberData(nameof(Rows))]
    public async Task MessagesGoRoundOverSeveralStreams(ProtocolVersion version, QoS qos)
    {
        if (!QuicSupport.IsAvailable)
        {
            Matrix.SkipWhenMissing(ListenerKind.Quic);
            return;
        }

        var name = $"{Matrix.Client("streams", version, ListenerKind.Quic)}-{(int)qos}";
        await using var peer = await QuicPeer.ConnectAsync(_gateway, name, version);
        var control = peer.Control;
        var (subscriber, publisher) = (await peer.OpenClientAsync(), await peer.OpenClientAsync());
        await subscriber.SendAsync(ClientPackets.Subscribe(1, name, qos, version));
        await subscriber.ReceiveAsync(PacketType.Suback);
        for (var round = 0; round < 10; round++)
        {
            await PublishAsync(publisher, name, $"{round}", qos);
            await TakeAsync(subscriber, $"{round}", qos);
            await control.SendAsync(ClientPackets.Pingreq());
            await control.ReceiveAsync(PacketType.Pingresp);
        }

        await control.SendAsync(ClientPackets.Disconnect(version));
        Assert.Empty(await control.ReceiveToEndAsync());
        Assert.Empty(await subscriber.ReceiveToEndAsync());
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task MessagesOfAnEndedStreamComeOverTheControlStream(ProtocolVersion version, QoS qos)
    {
        if (!QuicSupport.IsAvailable)
        {
            Matrix.SkipWhenMissing(ListenerKind.Quic);
            return;
        }

        var name = $"{Matrix.Client("ended", version, ListenerKind.Quic)}-{(int)qos}";
        await using var peer = await QuicPeer.ConnectAsync(_gateway, name, version);
        var control = peer.Control;
        var subscriber = await peer.OpenClientAsync();
        await subscriber.SendAsync(ClientPackets.Subscribe(1, name, qos, version));
        await subscriber.ReceiveAsync(PacketType.Suback);
        var connection = await _gateway.ConnectionOfAsync(name);
        subscriber.Drop();
        await Stuck.UntilAsync(() => connection.DataStreams.Count == 0, "the stream to end");

        await using var publisher = await RawClient.ConnectAsync(_gateway, ListenerKind.Tcp, version, $"{name}-publisher");
        await PublishAsync(publisher, name, "later", qos);
        await TakeAsync(control, "later", qos);
    }

    private static async Task PublishAsync(RawClient client, string topic, string payload, QoS qos)
    {
        await client.SendAsync(ClientPackets.Publish(topic, payload, qos, 5, version: client.Version));
        if (qos == QoS.AtLeastOnce)
        {
            await client.ReceiveAsync(PacketType.Puback);
        }
        else if (qos == QoS.ExactlyOnce)
        {
            await client.ReceiveAsync(PacketType.Pubrec);
            await client.SendAsync(ClientPackets.Pubrel(5, client.Version));
            await client.ReceiveAsync(PacketType.Pubcomp);
        }
    }

    private static async Task TakeAsync(RawClient client, string payload, QoS qos)
    {
        var delivery = await client.ReceiveAsync(PacketType.Publish);
        Assert.Equal((payload, qos), (delivery.Text, delivery.QoS));
        if (qos == QoS.AtLeastOnce)
        {
            await client.SendAsync(ClientPackets.Puback(delivery.PacketId, client.Version));
        }
        else if (qos == QoS.ExactlyOnce)
        {
            await client.SendAsync(ClientPackets.Pubrec(delivery.PacketId, client.Version));
            await client.ReceiveAsync(PacketType.Pubrel);
            await client.SendAsync(ClientPackets.Pubcomp(delivery.PacketId, client.Version));
        }
    }
}
