using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Delivery;

/// <summary>Receive Maximum in both directions. MQTT 5 §4.9.</summary>
public sealed class FlowControlTests
{
    [Theory]
    [InlineData(QoS.AtLeastOnce)]
    [InlineData(QoS.ExactlyOnce)]
    public async Task NoMoreThanTheClientsReceiveMaximumAreOnTheirWay(QoS qos) // [MQTT-3.3.4-9]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 3 } });
        await client.SubscribeAsync("t", qos);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 8; i++)
        {
            await publisher.PublishAsync("t", $"m{i}", qos);
        }

        var open = new Queue<ServerPacket>();
        for (var i = 0; i < 3; i++)
        {
            open.Enqueue(await client.ExpectPublishAsync($"m{i}", acknowledge: false));
        }

        await client.NothingMoreAsync();
        for (var i = 3; i < 8; i++)
        {
            await client.FinishAsync(open.Dequeue());
            open.Enqueue(await client.ExpectPublishAsync($"m{i}", acknowledge: false));
            await client.NothingMoreAsync();
        }
    }

    [Fact]
    public async Task AcknowledgementsInOneWriteOpenAsManyPlaces()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 6 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync("t", $"m{i}", QoS.AtLeastOnce);
        }

        var ids = new List<ushort>();
        for (var i = 0; i < 6; i++)
        {
            ids.Add((await client.ExpectPublishAsync($"m{i}", acknowledge: false)).PacketId);
        }

        await client.NothingMoreAsync();
        client.Send([
            .. ClientPackets.Puback(ids[1]), .. ClientPackets.Puback(ids[0]), .. ClientPackets.Puback(999), // 999 is no open identifier
            .. ClientPackets.Pingreq(), .. ClientPackets.Puback(ids[3], reason: ReasonCode.QuotaExceeded), .. ClientPackets.Puback(ids[4])]);
        await client.ExpectAsync(PacketType.Pingresp);
        for (var i = 6; i < 10; i++)
        {
            await client.ExpectPublishAsync($"m{i}", acknowledge: false);
        }

        await client.NothingMoreAsync(); // two of the six are still open
    }

    [Fact]
    public async Task APubackForQoS2AmongOthersIsAnError() // §4.3.2
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m0", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "m1", QoS.ExactlyOnce);
        var first = await client.ExpectPublishAsync("m0", acknowledge: false);
        var second = await client.ExpectPublishAsync("m1", acknowledge: false);
        client.Send([.. ClientPackets.Puback(first.PacketId), .. ClientPackets.Puback(second.PacketId)]);
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task APubrecForQoS1IsAnError() // §4.3.2
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        client.Send(ClientPackets.Pubrec((await client.ExpectPublishAsync("m", acknowledge: false)).PacketId));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task PubrecAloneOpensNoPlace() // §4.9: PUBACK, PUBCOMP, or a PUBREC that refuses
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m0", QoS.ExactlyOnce);
        await publisher.PublishAsync("t", "m1", QoS.ExactlyOnce);
        await publisher.PublishAsync("t", "m2", QoS.ExactlyOnce);
        var first = await client.ExpectPublishAsync("m0", acknowledge: false);
        client.Send(ClientPackets.Pubrec(first.PacketId));
        await client.ExpectAsync(PacketType.Pubrel);
        await client.NothingMoreAsync();
        client.Send(ClientPackets.Pubcomp(first.PacketId));
        var second = await client.ExpectPublishAsync("m1", acknowledge: false);
        client.Send(ClientPackets.Pubrec(second.PacketId, ProtocolVersion.Mqtt5, ReasonCode.UnspecifiedError));
        await client.ExpectPublishAsync("m2");
    }

    [Fact]
    public async Task QoS0NeedsNoPlace()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m0", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "free");
        await client.ExpectPublishAsync("m0", acknowledge: false);
        await client.ExpectPublishAsync("free");
    }

    [Fact]
    public async Task RepetitionsAfterAResumeCountToo()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 6; i++)
        {
            await publisher.PublishAsync("t", $"m{i}", QoS.AtLeastOnce);
            await client.ExpectPublishAsync($"m{i}", acknowledge: false);
        }

        await gateway.DropAsync(client);
        await publisher.PublishAsync("t", "m6", QoS.AtLeastOnce);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, properties: new PropertyList { { PropertyId.ReceiveMaximum, 2 } });
        var open = new Queue<ServerPacket>();
        open.Enqueue(await client.ExpectPublishAsync("m0", acknowledge: false));
        open.Enqueue(await client.ExpectPublishAsync("m1", acknowledge: false));
        await client.NothingMoreAsync();
        for (var i = 2; i < 7; i++)
        {
            await client.FinishAsync(open.Dequeue());
            open.Enqueue(await client.ExpectPublishAsync($"m{i}", acknowledge: false));
            await client.NothingMoreAsync();
        }
    }

    [Fact]
    public async Task ServerTellsItsReceiveMaximumAndEndsTheConnectionBeyondIt() // [MQTT-3.3.4-7]
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.ReceiveMaximum = 4);
        var client = gateway.Open();
        var connack = await client.ConnectAsync("c");
        Assert.Equal(4u, connack.Number(PropertyId.ReceiveMaximum));
        for (ushort id = 1; id <= 4; id++)
        {
            client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, id));
            await client.ExpectAsync(PacketType.Pubrec, id);
        }

        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 5));
        await client.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    [Fact]
    public async Task AFullWindowOpensWithPubrel()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.ReceiveMaximum = 2);
        var client = await gateway.ConnectAsync("c");
        for (ushort id = 1; id <= 20; id++)
        {
            client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, id));
            await client.ExpectAsync(PacketType.Pubrec, id);
            if (id % 2 == 0)
            {
                client.Send([.. ClientPackets.Pubrel((ushort)(id - 1)), .. ClientPackets.Pubrel(id)]);
                await client.ExpectAsync(PacketType.Pubcomp, (ushort)(id - 1));
                await client.ExpectAsync(PacketType.Pubcomp, id);
            }
        }
    }

    [Fact]
    public async Task QoS1InOneReadCountsAgainstTheMaximum()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.ReceiveMaximum = 4);
        var client = await gateway.ConnectAsync("c");
        byte[] four = [.. Enumerable.Range(1, 4).SelectMany(id => ClientPackets.Publish("t", "m", QoS.AtLeastOnce, (ushort)id))];
        client.Send(four);
        for (ushort id = 1; id <= 4; id++)
        {
            await client.ExpectAsync(PacketType.Puback, id);
        }

        client.Send([.. four, .. ClientPackets.Publish("t", "m", QoS.AtLeastOnce, 5)]);
        for (ushort id = 1; id <= 4; id++)
        {
            await client.ExpectAsync(PacketType.Puback, id);
        }

        await client.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    [Theory] // §4.9: the quota starts anew with each connection, and PUBREL is sent whatever it is
    [InlineData(false)]
    [InlineData(true)]
    public async Task OpenIdentifiersOfAnEarlierConnectionTakeNoPlace(bool isTakeover)
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.ReceiveMaximum = 2);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        for (ushort id = 1; id <= 2; id++)
        {
            client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, id));
            await client.ExpectAsync(PacketType.Pubrec, id);
        }

        if (!isTakeover)
        {
            await gateway.DropAsync(client);
        }

        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        for (ushort id = 3; id <= 4; id++)
        {
            client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, id));
            await client.ExpectAsync(PacketType.Pubrec, id);
        }

        client.Send([.. ClientPackets.Pubrel(1), .. ClientPackets.Pubrel(2)]);
        await client.ExpectAsync(PacketType.Pubcomp, 1);
        await client.ExpectAsync(PacketType.Pubcomp, 2);
        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 5));
        await client.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded); // 3 and 4 are still open here
    }

    [Fact]
    public async Task OlderVersionsAreNotToldAndNotHeldToIt()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.ReceiveMaximum = 2);
        var client = await gateway.ConnectAsync("c", version: ProtocolVersion.Mqtt311);
        for (ushort id = 1; id <= 10; id++)
        {
            client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, id, version: ProtocolVersion.Mqtt311));
            await client.ExpectAsync(PacketType.Pubrec, id);
        }
    }
}
