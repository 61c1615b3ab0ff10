using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Delivery;

/// <summary>Message Expiry Interval wherever a message can wait. MQTT 5 §3.3.2.3.3.</summary>
public sealed class MessageExpiryTests
{
    [Fact]
    public async Task IntervalIsForwarded()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t");
        await PublishAsync(gateway, "m", 60, QoS.AtMostOnce);
        Assert.Equal(60u, (await client.ExpectPublishAsync("m")).Number(PropertyId.MessageExpiryInterval));
    }

    [Fact]
    public async Task OfflineMessageCountsDownAndExpires() // [MQTT-3.3.2-5] [MQTT-3.3.2-6]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await DurableAsync(gateway);
        await gateway.DropAsync(client);
        await PublishAsync(gateway, "short", 20);
        await PublishAsync(gateway, "long", 60);
        await PublishAsync(gateway, "ever", null);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(30));

        client = await BackAsync(gateway);
        Assert.Equal(30u, (await client.ExpectPublishAsync("long")).Number(PropertyId.MessageExpiryInterval));
        Assert.Null((await client.ExpectPublishAsync("ever")).Number(PropertyId.MessageExpiryInterval));
        await client.NothingMoreAsync();
        Assert.Equal(1, gateway.Metrics.Sum("grainmq.messages.dropped", "expired"));
    }

    [Fact]
    public async Task MessageThatWaitsForAPlaceCountsDownAndExpires()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await PublishAsync(gateway, "first", null);
        await PublishAsync(gateway, "short", 20);
        await PublishAsync(gateway, "long", 60);
        var first = await client.ExpectPublishAsync("first", acknowledge: false);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(30));
        await client.FinishAsync(first);
        Assert.Equal(30u, (await client.ExpectPublishAsync("long")).Number(PropertyId.MessageExpiryInterval));
        await client.NothingMoreAsync();
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_messages_dropped_total", "Expired"));
    }

    [Theory]
    [InlineData(false, 0, 20u)]
    [InlineData(false, 100, 20u)]
    [InlineData(false, 1000, 19u)]
    [InlineData(false, 1100, 19u)]
    [InlineData(false, 19000, 1u)]
    [InlineData(false, 19900, 1u)]
    [InlineData(false, 20000, null)]
    [InlineData(true, 0, 20u)]
    [InlineData(true, 100, 20u)]
    [InlineData(true, 1000, 19u)]
    [InlineData(true, 1100, 19u)]
    [InlineData(true, 19000, 1u)]
    [InlineData(true, 19900, 1u)]
    [InlineData(true, 20000, null)]
    public async Task ABegunSecondCountsAsOneUntilTheIntervalIsOver(bool isOffline, int milliseconds, uint? left) // [MQTT-3.3.2-5] [MQTT-3.3.2-6]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var properties = new PropertyList { { PropertyId.ReceiveMaximum, 1 } };
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, properties: properties);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await PublishAsync(gateway, "first", null);
        await PublishAsync(gateway, "m", 20);
        var first = await client.ExpectPublishAsync("first", acknowledge: false);
        if (isOffline)
        {
            await gateway.DropAsync(client);
        }

        await gateway.AdvanceAsync(TimeSpan.FromMilliseconds(milliseconds));
        if (isOffline)
        {
            client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, properties: properties, sessionPresent: true);
            first = await client.ExpectPublishAsync("first", acknowledge: false);
        }

        await client.FinishAsync(first);
        if (left is not null)
        {
            Assert.Equal(left, (await client.ExpectPublishAsync("m")).Number(PropertyId.MessageExpiryInterval));
        }

        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(QoS.AtMostOnce)]
    [InlineData(QoS.AtLeastOnce)]
    [InlineData(QoS.ExactlyOnce)]
    public async Task MessageThatWaitsBehindASlowClientExpires(QoS qos)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", qos);
        await client.NothingMoreAsync();
        client.Transport.StopTaking();
        await PublishAsync(gateway, "in the write", null, qos);
        await PublishAsync(gateway, "short", 5, qos);
        await PublishAsync(gateway, "long", 60, qos);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(10));
        client.Transport.GoOnTaking();
        await client.ExpectPublishAsync("in the write");
        Assert.Equal(50u, (await client.ExpectPublishAsync("long")).Number(PropertyId.MessageExpiryInterval));
        await client.NothingMoreAsync();
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_messages_dropped_total", "Expired"));
    }

    [Fact]
    public async Task ExpiredMessageBehindASlowClientTakesNoPlace()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 2 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
        client.Transport.StopTaking();
        await PublishAsync(gateway, "in the write", null);
        await PublishAsync(gateway, "short", 5);
        await PublishAsync(gateway, "next", null);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(10));
        client.Transport.GoOnTaking();
        await client.ExpectPublishAsync("in the write", acknowledge: false);
        await client.ExpectPublishAsync("next", acknowledge: false);
        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StoreIsToldOfAMessageThatExpiredHere(bool isInTheWritersQueue)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync(
            "c", cleanStart: false, expiry: 1000, properties: new PropertyList { { PropertyId.ReceiveMaximum, isInTheWritersQueue ? 3u : 1u } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
        client.Transport.StopTaking();
        await PublishAsync(gateway, "in the write", null);
        await PublishAsync(gateway, "short", 5);
        await PublishAsync(gateway, "next", null);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(10));
        client.Transport.GoOnTaking();
        await client.ExpectPublishAsync("in the write");
        await client.ExpectPublishAsync("next");
        await client.NothingMoreAsync();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(2)); // reports go once a second
        Assert.Equal(0, (await gateway.SessionInfoAsync("c")).Queued);
    }

    [Fact]
    public async Task RetainedMessageCountsDownAndExpires()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, retain: true, new PropertyList { { PropertyId.MessageExpiryInterval, 60 } });
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(20));
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        Assert.Equal(40u, (await client.ExpectPublishAsync("m")).Number(PropertyId.MessageExpiryInterval));
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(42));
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
    }

    [Fact] // onward delivery has begun: the repetition is the protocol's, not a new delivery
    public async Task MessageThatWasSentIsRepeatedAfterItsExpiry()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await DurableAsync(gateway);
        await PublishAsync(gateway, "m", 10);
        await client.ExpectPublishAsync("m", acknowledge: false);
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(20));
        client = await BackAsync(gateway);
        var again = await client.ExpectPublishAsync("m");
        Assert.True(again.Dup);
        Assert.Equal(1u, again.Number(PropertyId.MessageExpiryInterval));
    }

    [Fact]
    public async Task OlderVersionsAreNotToldButServedInTime()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, version: ProtocolVersion.Mqtt311);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DropAsync(client);
        await PublishAsync(gateway, "short", 20);
        await PublishAsync(gateway, "long", 60);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(30));
        client = await gateway.ConnectAsync("c", cleanStart: false, version: ProtocolVersion.Mqtt311, sessionPresent: true);
        await client.ExpectPublishAsync("long");
        await client.NothingMoreAsync();
    }

    private static async Task<MemoryClient> DurableAsync(InMemoryGateway gateway)
    {
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        return client;
    }

    private static Task<MemoryClient> BackAsync(InMemoryGateway gateway) =>
        gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);

    private static async Task PublishAsync(InMemoryGateway gateway, string text, uint? seconds, QoS qos = QoS.AtLeastOnce)
    {
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync(
            "t", text, qos, properties: seconds is { } interval ? new PropertyList { { PropertyId.MessageExpiryInterval, interval } } : null);
    }
}
