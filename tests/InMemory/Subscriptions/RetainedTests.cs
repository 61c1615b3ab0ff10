using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Subscriptions;

/// <summary>Retained messages and who gets them when. MQTT 5 §3.3.1.3, §3.8.3.1.</summary>
public sealed class RetainedTests
{
    public static TheoryData<ProtocolVersion> Versions => [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task NewSubscriberGetsTheLastMessageOfEachTopic(ProtocolVersion version) // [MQTT-3.3.1-5] [MQTT-3.3.1-8]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p", version: version);
        await publisher.PublishAsync("a/1", "old", QoS.AtLeastOnce, retain: true);
        await publisher.PublishAsync("a/1", "new", QoS.AtLeastOnce, retain: true);
        await publisher.PublishAsync("a/2", "two", QoS.ExactlyOnce, retain: true);
        await publisher.PublishAsync("a/3", "zero", QoS.AtMostOnce, retain: true);
        await publisher.PublishAsync("a/4", "not retained", QoS.AtLeastOnce);
        var client = await gateway.ConnectAsync("c", version: version);
        await client.SubscribeAsync("a/#", QoS.AtLeastOnce);
        var seen = new Dictionary<string, ServerPacket>();
        for (var i = 0; i < 3; i++)
        {
            var publish = await client.ExpectAsync(PacketType.Publish);
            await client.FinishAsync(publish);
            seen.Add(publish.Topic, publish);
        }

        await client.NothingMoreAsync();
        Assert.Equal(["new", "two", "zero"], seen.OrderBy(pair => pair.Key).Select(pair => pair.Value.Text));
        Assert.Equal([QoS.AtLeastOnce, QoS.AtLeastOnce, QoS.AtMostOnce], seen.OrderBy(pair => pair.Key).Select(pair => pair.Value.QoS));
        Assert.All(seen.Values, publish => Assert.True(publish.Retain));
    }

    [Fact]
    public async Task ShardThatDoesNotAnswerOnceIsAskedAgain()
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "kept", QoS.AtLeastOnce, retain: true);
        var client = await gateway.ConnectAsync("c");
        faults.Break("IRetainGrain.QueryAsync", CallFault.TimeoutBefore, times: 2);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.AdvanceUntilAsync(client.ExpectPublishAsync("kept"), "the retained message");
        await client.NothingMoreAsync();
        Assert.Equal(2, faults.Met);
    }

    [Fact]
    public async Task SubscribeFindsWhatWasPublishedHereBeforeItAndIsStillOnItsWay()
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var publisher = await gateway.ConnectAsync("p");
        var client = await gateway.ConnectAsync("c");
        faults.Break("IRetainGrain.SetAsync", CallFault.Delay, times: 1);
        await publisher.PublishAsync("t", "kept", retain: true);
        await client.SubscribeAsync("t");
        await gateway.AdvanceUntilAsync(client.ExpectPublishAsync("kept"), "the retained message");
    }

    [Fact]
    public async Task EmptyPayloadClearsTheTopic() // [MQTT-3.3.1-6] [MQTT-3.3.1-7]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var live = await gateway.ConnectAsync("live");
        await live.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, retain: true);
        await publisher.PublishAsync("t", "", QoS.AtLeastOnce, retain: true);
        await live.ExpectPublishAsync("m");
        await live.ExpectPublishAsync(""); // live subscribers get it like any message
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(RetainHandling.SendAtSubscribe, true, true)]
    [InlineData(RetainHandling.SendIfNewSubscription, true, false)]
    [InlineData(RetainHandling.DoNotSend, false, false)]
    public async Task RetainHandlingDecides(RetainHandling handling, bool first, bool again) // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, retain: true);
        foreach (var expiry in (uint[])[0, 100])
        {
            var client = await gateway.ConnectAsync("c", cleanStart: true, expiry);
            await SubscribeAsync(first);
            await SubscribeAsync(again);
            await client.UnsubscribeAsync("t");
            await SubscribeAsync(first);
            if (expiry > 0)
            {
                await gateway.DropAsync(client);
                client = await gateway.ConnectAsync("c", cleanStart: false, expiry, sessionPresent: true);
                await client.NothingMoreAsync(); // nothing retained on resume
                await SubscribeAsync(again);
            }

            async Task SubscribeAsync(bool expected)
            {
                await client.SubscribeAsync("t", QoS.AtLeastOnce, retainHandling: handling);
                if (expected)
                {
                    Assert.True((await client.ExpectPublishAsync("m")).Retain);
                }

                await gateway.AdvanceAsync(TimeSpan.Zero);
                await client.NothingMoreAsync();
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RetainAsPublishedKeepsTheFlagOfLiveMessages(bool keep) // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.AtLeastOnce, retainAsPublished: keep);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "kept", QoS.AtLeastOnce, retain: true);
        await publisher.PublishAsync("t", "plain", QoS.AtLeastOnce, retain: false);
        Assert.Equal(keep, (await client.ExpectPublishAsync("kept")).Retain);
        Assert.False((await client.ExpectPublishAsync("plain")).Retain);
        await client.SubscribeAsync("t", QoS.AtLeastOnce, retainAsPublished: keep);
        Assert.True((await client.ExpectPublishAsync("kept")).Retain); // sent because of the subscription
    }

    [Fact] // what went ahead of one subscription's retained messages is still due to the next
    public async Task EverySubscribeGetsTheRetainedMessageHoweverCloseTheyAre()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 200; i++)
        {
            var client = await gateway.ConnectAsync("c");
            await client.SubscribeAsync("t", QoS.AtLeastOnce, retainHandling: RetainHandling.SendIfNewSubscription);
            await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, retain: true);
            client.Send(ClientPackets.Subscribe(50, "t", QoS.AtLeastOnce));
            for (var retained = false; !retained;)
            {
                var packet = await client.ReceiveAsync();
                retained = packet is { Type: PacketType.Publish, Retain: true } && packet.Text == "m";
            }

            await publisher.PublishAsync("t", "", QoS.AtLeastOnce, retain: true);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task LiveMessagesOfOlderSubscribersHaveNoRetainFlag(ProtocolVersion version) // 3.1.1 [MQTT-3.3.1-9]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", version: version);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, retain: true);
        Assert.False((await client.ExpectPublishAsync("m")).Retain);
    }

    [Fact]
    public async Task SharedSubscriptionsGetNoRetainedMessages() // §4.8.2
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, retain: true);
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("$share/g/t", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task RetainedMessagesCarryIdentifierAndProperties()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, retain: true, new PropertyList { { PropertyId.ContentType, "x" } });
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.AtLeastOnce, identifier: 77);
        var publish = await client.ExpectPublishAsync("m");
        Assert.Equal([77u], publish.Numbers(PropertyId.SubscriptionIdentifier));
        Assert.Equal("x", publish.String(PropertyId.ContentType));
    }

    [Fact]
    public async Task EveryRetainedMessageOfAWideFilterArrivesOnceAtTheClientsPace()
    {
        const int Topics = 2500; // several pages of every shard
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < Topics; i++)
        {
            await publisher.PublishAsync($"{i % 50}/{i}", $"{i}", QoS.AtLeastOnce, retain: true);
        }

        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 5 } });
        await client.SubscribeAsync("#", QoS.AtLeastOnce);
        var seen = new HashSet<string>();
        for (var i = 0; i < Topics; i++)
        {
            var publish = await client.ExpectAsync(PacketType.Publish);
            Assert.True(seen.Add(publish.Text));
            await client.FinishAsync(publish);
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task RetainedMessagesWaitForASlowClientInBoundedMemory() // I9
    {
        const int Topics = 3000;
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < Topics; i++)
        {
            await publisher.PublishAsync($"a/{i}", new string('x', 100), QoS.AtLeastOnce, retain: true);
        }

        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        for (var i = 0; i < 20; i++)
        {
            client.Send(ClientPackets.Subscribe((ushort)(i + 1), $"a/{(i % 2 == 0 ? '#' : '+')}", QoS.AtLeastOnce));
        }

        for (var i = 0; i < 20; i++)
        {
            await Stuck.CalmAsync();
            Assert.True(gateway.Sessions.TryGet("default/c", out var session));
            Assert.True(session.Waiting <= 1000, $"{session.Waiting} messages wait");
        }
    }

    [Fact] // what one publisher retained and had acknowledged is what a later subscriber finds
    public async Task AcknowledgedRetainedMessageIsFoundBySubscribersAfterIt()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        var client = await gateway.ConnectAsync("c");
        for (var i = 0; i < 200; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce, retain: true);
            await client.SubscribeAsync("t", QoS.AtLeastOnce);
            await client.ExpectPublishAsync($"{i}");
            await client.UnsubscribeAsync("t");
        }
    }

    [Fact]
    public async Task QuotaRefusesOnlyTheMessageThatIsOverIt()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Grains.RetainedMaxMessages = 2);
        var publisher = await gateway.ConnectAsync("p");
        // one level apart from each other, so that all of them are in the same shard
        Assert.NotEqual(ReasonCode.QuotaExceeded, await publisher.PublishAsync("a/b/1", "1", QoS.AtLeastOnce, retain: true));
        Assert.NotEqual(ReasonCode.QuotaExceeded, await publisher.PublishAsync("a/b/2", "2", QoS.AtLeastOnce, retain: true));
        publisher.Send([
            .. ClientPackets.Publish("a/b/1", "1+", QoS.AtLeastOnce, 11, retain: true),
            .. ClientPackets.Publish("a/b/3", "3", QoS.AtLeastOnce, 12, retain: true),
            .. ClientPackets.Publish("a/b/2", "2+", QoS.AtLeastOnce, 13, retain: true)]);
        Assert.Equal(ReasonCode.Success, (await publisher.ExpectAsync(PacketType.Puback, 11)).Reason);
        Assert.Equal(ReasonCode.QuotaExceeded, (await publisher.ExpectAsync(PacketType.Puback, 12)).Reason);
        Assert.Equal(ReasonCode.Success, (await publisher.ExpectAsync(PacketType.Puback, 13)).Reason);
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_messages_dropped_total", "RetainQuota"));

        // a refusal at QoS 2 says that no session will get it, which is not so once it waits for one
        Assert.Equal(ReasonCode.QuotaExceeded, await publisher.PublishAsync("a/b/4", "4", QoS.ExactlyOnce, retain: true));
        var subscriber = await gateway.ConnectAsync("s", expiry: 100);
        await subscriber.SubscribeAsync("a/b/4", QoS.ExactlyOnce);
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("a/b/4", "4", QoS.ExactlyOnce, retain: true));
        await subscriber.ExpectPublishAsync("4");
        Assert.Equal(3, gateway.Metrics.Sum("mqtt_messages_dropped_total", "RetainQuota"));

        var older = await gateway.ConnectAsync("o", version: ProtocolVersion.Mqtt311);
        await older.PublishAsync("a/b/4", "4", QoS.AtLeastOnce, retain: true); // it cannot be told, and would send it again for ever
        await older.NothingMoreAsync();
    }
}
