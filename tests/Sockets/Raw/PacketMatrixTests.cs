using System.Globalization;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Raw;

/// <summary>Every packet that a client can send, on every version and transport: whole, glued together, and cut anywhere.</summary>
public sealed class PacketMatrixTests(SharedGateway shared)
{
    private readonly SocketGateway _gateway = shared.Gateway;

    [Theory, MemberData(nameof(Matrix.VersionsAndTransports), MemberType = typeof(Matrix))]
    public async Task EveryPacketIsAnswered(ProtocolVersion version, ListenerKind transport)
    {
        await using var client = await RawClient.OpenAsync(_gateway, transport, version);
        await Conversation.RunAsync(client, Matrix.Client("whole", version, transport));
    }

    [Theory, MemberData(nameof(Matrix.VersionsAndTransports), MemberType = typeof(Matrix))]
    public async Task PacketsMayComeByteByByte(ProtocolVersion version, ListenerKind transport)
    {
        await using var client = await RawClient.OpenAsync(_gateway, transport, version);
        client.Cutting = bytes => Enumerable.Range(0, bytes.Length).Select(at => (ReadOnlyMemory<byte>)bytes.AsMemory(at, 1));
        await Conversation.RunAsync(client, Matrix.Client("bytes", version, transport));
    }

    [Theory, MemberData(nameof(Matrix.VersionsAndTransports), MemberType = typeof(Matrix))]
    public async Task PacketsMayBeCutAtEveryByte(ProtocolVersion version, ListenerKind transport)
    {
        // CONNECT is the longest packet of the conversation; a cut behind the end of a shorter one leaves it whole
        var longest = ClientPackets.Connect(version, Matrix.Client("cut00", version, transport)).Length;
        for (var cut = 1; cut < longest; cut++)
        {
            var at = cut;
            await using var client = await RawClient.OpenAsync(_gateway, transport, version);
            client.Cutting = bytes => at < bytes.Length ? [bytes.AsMemory(0, at), bytes.AsMemory(at)] : [bytes];
            await Conversation.RunAsync(client, Matrix.Client(string.Create(CultureInfo.InvariantCulture, $"cut{cut:00}"), version, transport));
        }
    }

    [Theory, MemberData(nameof(Matrix.VersionsAndTransports), MemberType = typeof(Matrix))]
    public async Task PacketsMayBeGluedTogether(ProtocolVersion version, ListenerKind transport)
    {
        var name = Matrix.Client("glued", version, transport);
        await using var client = await RawClient.OpenAsync(_gateway, transport, version);
        await client.SendAsync(
        [
            .. ClientPackets.Connect(version, name),
            .. ClientPackets.Subscribe(1, name, version: version),
            .. ClientPackets.Publish(name, "zero", version: version),
            .. ClientPackets.Publish(name, "one", QoS.AtLeastOnce, 2, version: version),
            .. ClientPackets.Publish(name, "two", QoS.ExactlyOnce, 3, version: version),
            .. ClientPackets.Pubrel(3, version),
            .. ClientPackets.Unsubscribe(4, name, version),
            .. ClientPackets.Pingreq(),
        ]);

        var packets = new List<ServerPacket>();
        do
        {
            packets.Add(await client.ReceiveAsync() ?? throw new IOException($"The broker ended the connection after {string.Join(", ", packets)}."));
        }
        while (packets[^1].Type != PacketType.Pingresp);
        Assert.Equal(["zero", "one", "two"], packets.Where(packet => packet.Type == PacketType.Publish).Select(packet => packet.Text));
        Assert.Equal(
            [PacketType.Connack, PacketType.Suback, PacketType.Puback, PacketType.Pubrec, PacketType.Pubcomp, PacketType.Unsuback, PacketType.Pingresp],
            packets.Select(packet => packet.Type).Where(type => type != PacketType.Publish));
    }

    [Theory, MemberData(nameof(Matrix.VersionsAndTransports), MemberType = typeof(Matrix))]
    public async Task AuthOutsideOfAnExchangeEndsTheConnection(ProtocolVersion version, ListenerKind transport)
    {
        await using var client = await RawClient.ConnectAsync(_gateway, transport, version, Matrix.Client("auth", version, transport));
        await client.SendAsync(ClientPackets.Auth(ReasonCode.ReAuthenticate, "SCRAM-SHA-1"));
        var packets = await client.ReceiveToEndAsync();
        if (version == ProtocolVersion.Mqtt5)
        {
            Assert.Equal((PacketType.Disconnect, ReasonCode.ProtocolError), (Assert.Single(packets).Type, packets[0].Reason)); // [MQTT-4.12.0-7]
        }
        else
        {
            Assert.Empty(packets); // packet type 15 is reserved there
        }
    }
}
