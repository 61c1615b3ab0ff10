using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Raw;

/// <summary>A client's whole life with every packet it can send, those without a body included; each step waits for its answer.</summary>
internal static class Conversation
{
    public static async Task RunAsync(RawClient client, string name)
    {
        var version = client.Version;
        await client.ConnectAsync(name);
        await client.SendAsync(ClientPackets.Subscribe(1, name, QoS.ExactlyOnce, version));
        Assert.Equal([ReasonCode.GrantedQoS2], (await client.ReceiveAsync(PacketType.Suback)).Reasons);

        await client.SendAsync(ClientPackets.Publish(name, "zero", version: version));
        Assert.Equal(("zero", QoS.AtMostOnce), Read(await client.ReceiveAsync(PacketType.Publish)));
        await AtLeastOnceAsync(client, name);
        await ExactlyOnceAsync(client, name);

        await client.SendAsync(ClientPackets.Pingreq());
        await client.ReceiveAsync(PacketType.Pingresp);

        await client.SendAsync(ClientPackets.Unsubscribe(4, name, version));
        Assert.Equal(4, (await client.ReceiveAsync(PacketType.Unsuback)).PacketId);
        await client.SendAsync(ClientPackets.Publish(name, "nobody", QoS.AtLeastOnce, 5, version: version));
        var expected = version == ProtocolVersion.Mqtt5 ? ReasonCode.NoMatchingSubscribers : ReasonCode.Success;
        Assert.Equal((5, expected), await AnswerAsync(client, PacketType.Puback));

        await client.SendAsync(ClientPackets.Disconnect(version));
        Assert.Empty(await client.ReceiveToEndAsync());
    }

    private static async Task AtLeastOnceAsync(RawClient client, string topic)
    {
        await client.SendAsync(ClientPackets.Publish(topic, "one", QoS.AtLeastOnce, 2, version: client.Version));
        var (answer, delivery) = await TwoAsync(client, PacketType.Puback);
        Assert.Equal((2, ReasonCode.Success), (answer.PacketId, answer.Reason));
        Assert.Equal(("one", QoS.AtLeastOnce), Read(delivery));
        await client.SendAsync(ClientPackets.Puback(delivery.PacketId, client.Version));
    }

    private static async Task ExactlyOnceAsync(RawClient client, string topic)
    {
        await client.SendAsync(ClientPackets.Publish(topic, "two", QoS.ExactlyOnce, 3, version: client.Version));
        var (answer, delivery) = await TwoAsync(client, PacketType.Pubrec);
        Assert.Equal((3, ReasonCode.Success), (answer.PacketId, answer.Reason));
        Assert.Equal(("two", QoS.ExactlyOnce), Read(delivery));

        await client.SendAsync(ClientPackets.Pubrel(3, client.Version));
        Assert.Equal((3, ReasonCode.Success), await AnswerAsync(client, PacketType.Pubcomp));
        await client.SendAsync(ClientPackets.Pubrec(delivery.PacketId, client.Version));
        Assert.Equal((delivery.PacketId, ReasonCode.Success), await AnswerAsync(client, PacketType.Pubrel));
        await client.SendAsync(ClientPackets.Pubcomp(delivery.PacketId, client.Version));
    }

    /// <summary>The acknowledgement of a publication and the delivery of it, in either order.</summary>
    private static async Task<(ServerPacket Answer, ServerPacket Delivery)> TwoAsync(RawClient client, PacketType answer)
    {
        var first = await client.ReceiveAsync();
        return first?.Type == PacketType.Publish
            ? (await client.ReceiveAsync(answer), first)
            : (Assert.IsType<ServerPacket>(first), await client.ReceiveAsync(PacketType.Publish));
    }

    private static async Task<(int PacketId, ReasonCode Reason)> AnswerAsync(RawClient client, PacketType type)
    {
        var packet = await client.ReceiveAsync(type);
        return (packet.PacketId, packet.Reason);
    }

    private static (string Payload, QoS QoS) Read(ServerPacket publish) => (publish.Text, publish.QoS);
}
