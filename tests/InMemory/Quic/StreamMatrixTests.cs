using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports.Quic;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Quic;

/// <summary>{3.1, 3.1.1, 5} × {one stream, several} × QoS {0, 1, 2}, with PINGREQ in between and DISCONNECT at the end.</summary>
public sealed class StreamMatrixTests
{
    private const ushort PacketId = 7;

    public static TheoryData<ProtocolVersion, bool, QoS> Rows => new(
        from version in Enum.GetValues<ProtocolVersion>()
        from severalStreams in (bool[])[false, true]
        from qos in Enum.GetValues<QoS>()
        select (version, severalStreams, qos));

    [Theory, MemberData(nameof(Rows))]
    public async Task MessagesGoRound(ProtocolVersion version, bool severalStreams, QoS qos)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.OpenQuic();
        Assert.Equal(ReasonCode.Success, (await client.ConnectAsync("c", version)).Reason);
        var (subscriber, publisher) = severalStreams ? (client.OpenStream(version), client.OpenStream(version)) : (client.Control, client.Control);
        await subscriber.SubscribeAsync("t", qos);

        for (var round = 0; round < 3; round++)
        {
            await PublishAsync(publisher, $"{round}", qos);
            var delivery = await subscriber.ExpectPublishAsync($"{round}");
            Assert.Equal(qos, delivery.QoS);
            await client.Control.NothingMoreAsync();
        }

        client.Control.Send(ClientPackets.Disconnect(version));
        await client.Link.ClosedAsync();
        await gateway.GoneAsync(client);
        Assert.Equal(QuicErrorCode.None, client.Link.CloseCode);
        Assert.Equal(0, client.Link.OpenStreams);
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_connections_closed_total", "ClientDisconnect"));
    }

    /// <summary>The whole handshake on the publisher's own stream.</summary>
    private static async Task PublishAsync(MemoryClient client, string payload, QoS qos)
    {
        client.Send(ClientPackets.Publish("t", payload, qos, PacketId, version: client.Version));
        if (qos == QoS.AtLeastOnce)
        {
            await client.AwaitAsync(PacketType.Puback, PacketId);
        }
        else if (qos == QoS.ExactlyOnce)
        {
            await client.AwaitAsync(PacketType.Pubrec, PacketId);
            client.Send(ClientPackets.Pubrel(PacketId, client.Version));
            await client.AwaitAsync(PacketType.Pubcomp, PacketId);
        }
    }
}
