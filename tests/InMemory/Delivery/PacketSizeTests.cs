using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Delivery;

/// <summary>Maximum Packet Size in both directions. MQTT 5 §3.1.2.11.4, §3.2.2.3.6.</summary>
public sealed class PacketSizeTests
{
    [Theory]
    [InlineData(QoS.AtMostOnce)]
    [InlineData(QoS.AtLeastOnce)]
    [InlineData(QoS.ExactlyOnce)]
    public async Task MessageTooLargeForAClientIsLeftOutForItAlone(QoS qos) // [MQTT-3.1.2-24] [MQTT-3.1.2-25]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var small = await gateway.ConnectAsync("small", properties: new PropertyList { { PropertyId.MaximumPacketSize, 60 } });
        var large = await gateway.ConnectAsync("large");
        await small.SubscribeAsync("t", qos);
        await large.SubscribeAsync("t", qos);
        var publisher = await gateway.ConnectAsync("p");
        for (var length = 40; length < 70; length++)
        {
            await publisher.PublishAsync("t", new string('x', length), qos);
        }

        var overhead = 2 + 3 + (qos == QoS.AtMostOnce ? 0 : 2) + 1; // fixed header, topic, identifier, property length
        for (var length = 40; length < 70; length++)
        {
            await large.ExpectPublishAsync(new string('x', length));
            if (length + overhead <= 60)
            {
                Assert.True((await small.ExpectPublishAsync(new string('x', length))).Bytes.Length <= 60);
            }
        }

        await small.NothingMoreAsync();
        Assert.Equal(69 - (60 - overhead), gateway.Metrics.Sum("mqtt_messages_dropped_total", "PacketTooLarge"));
    }

    [Fact]
    public async Task ConnectIsRefusedOnlyWhereItsOwnConnackDoesNotFit() // [MQTT-3.1.2-24]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        for (byte limit = 1; limit <= 40; limit++)
        {
            var client = gateway.Open();
            client.Send(0x10, 0x13, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 10, 5, 0x27, 0, 0, 0, limit, 0, 1, (byte)'p');
            if (limit < 16)
            {
                await client.ExpectClosedAsync();
            }
            else
            {
                Assert.Equal(16, (await client.ExpectAsync(PacketType.Connack)).Bytes.Length);
                await client.NothingMoreAsync();
            }
        }
    }

    [Fact]
    public async Task AliasIsToldOnlyWhereItFits() // [MQTT-3.1.2-24]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.MaximumPacketSize, 60 }, { PropertyId.TopicAliasMaximum, 99 } });
        await client.SubscribeAsync("#", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var slack = 0; slack < 6; slack++)
        {
            await publisher.PublishAsync($"topic{slack}", new string('x', 60 - 13 - slack), QoS.AtLeastOnce);
            var publish = await client.ExpectPublishAsync(new string('x', 60 - 13 - slack));
            Assert.Equal(slack < 3 ? 60 - slack : 60 - slack + 3, publish.Bytes.Length);
        }
    }

    [Fact]
    public async Task TooLargeMessagesOfTheOfflineQueueAreLeftOut()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", new string('x', 100), QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "fits", QoS.AtLeastOnce);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, properties: new PropertyList { { PropertyId.MaximumPacketSize, 60 } });
        await client.ExpectPublishAsync("fits");
        await client.NothingMoreAsync();
        await gateway.DropAsync(client);
        Assert.Equal(0, (await gateway.SessionInfoAsync("c")).Queued);
    }

    [Fact]
    public async Task UnacknowledgedMessageTooLargeForTheNextConnectionEndsThere()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", new string('x', 100), QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "fits", QoS.AtLeastOnce);
        await client.ExpectPublishAsync(new string('x', 100), acknowledge: false);
        await client.ExpectPublishAsync("fits", acknowledge: false);
        await gateway.DropAsync(client);

        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, properties: new PropertyList { { PropertyId.MaximumPacketSize, 60 } });
        await client.ExpectPublishAsync("fits");
        await client.NothingMoreAsync();
        await gateway.DropAsync(client);
        Assert.Equal(0, (await gateway.SessionInfoAsync("c")).Queued);
    }

    [Fact]
    public async Task ServerTellsItsMaximumAndEndsTheConnectionBeyondIt() // [MQTT-3.2.2-15]
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.MaximumPacketSize = 200);
        var client = gateway.Open();
        Assert.Equal(200u, (await client.ConnectAsync("c")).Number(PropertyId.MaximumPacketSize));
        var fits = ClientPackets.Publish("t", new string('x', 200 - 7));
        Assert.Equal(200, fits.Length);
        client.Send(fits);
        await client.NothingMoreAsync();
        client.Send(ClientPackets.Publish("t", new string('x', 200 - 6)));
        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
    }

    [Fact]
    public async Task OversizedPacketIsRefusedByItsHeaderAlone()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        client.Send(0x30, 0xFF, 0xFF, 0xFF, 0x7F); // 256 MB announced
        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(64 * 1024)]
    [InlineData(300_000)]
    [InlineData(1024 * 1024 - 20)]
    public async Task LargeMessagesPassWhole(int length)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        var payload = string.Create(length, 7, static (span, seed) =>
        {
            var random = new Random(seed);
            foreach (ref var character in span)
            {
                character = (char)random.Next('a', 'z');
            }
        });
        for (var i = 0; i < 3; i++)
        {
            await publisher.PublishAsync("t", payload, QoS.AtLeastOnce);
            await client.ExpectPublishAsync(payload);
        }
    }
}
