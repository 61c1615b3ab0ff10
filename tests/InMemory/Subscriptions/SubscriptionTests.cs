using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Subscriptions;

/// <summary>Overlapping subscriptions, options, identifiers, and UNSUBSCRIBE. MQTT 5 §3.8, §3.10, §3.3.4.</summary>
public sealed class SubscriptionTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt5, null, ReasonCode.QuotaExceeded)]
    [InlineData(ProtocolVersion.Mqtt5, 100u, ReasonCode.QuotaExceeded)]
    [InlineData(ProtocolVersion.Mqtt311, null, ReasonCode.UnspecifiedError)] // 0x80
    public async Task SessionHasNoMoreSubscriptionsThanItMay(ProtocolVersion version, uint? expiry, ReasonCode refusal) // [MQTT-3.9.3-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.MaximumSubscriptions = 3);
        var client = await gateway.ConnectAsync("c", version: version, expiry: expiry);
        await client.SubscribeAsync("a", QoS.AtMostOnce);

        var suback = await client.SubscribeAsync([("a", 0), ("b", 0), ("c", 0), ("d", 0), ("b", 0)]);
        Assert.Equal([ReasonCode.Success, ReasonCode.Success, ReasonCode.Success, refusal], suback.Reasons.Take(4));
        Assert.Equal([ReasonCode.Success], (await client.SubscribeAsync([("c", 0)])).Reasons); // it has that one
        await client.UnsubscribeAsync("a");
        Assert.Equal([ReasonCode.Success], (await client.SubscribeAsync([("d", 0)])).Reasons);
    }

    [Fact]
    public async Task OverlappingSubscriptionsGiveOneCopyAtTheHighestQoSWithAllIdentifiers() // [MQTT-3.3.4-2] [MQTT-3.3.4-3]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("a/b", QoS.AtMostOnce, identifier: 1);
        await client.SubscribeAsync("a/+", QoS.ExactlyOnce, identifier: 268_435_455);
        await client.SubscribeAsync("a/#", QoS.AtLeastOnce);
        await client.SubscribeAsync("#", QoS.AtLeastOnce, identifier: 200, retainAsPublished: true);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("a/b", "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m");
        Assert.Equal(QoS.ExactlyOnce, publish.QoS);
        Assert.Equal([1u, 200u, 268_435_455u], publish.Numbers(PropertyId.SubscriptionIdentifier).Order());
        await client.NothingMoreAsync();

        await publisher.PublishAsync("a/c", "other", QoS.ExactlyOnce);
        Assert.Equal([200u, 268_435_455u], (await client.ExpectPublishAsync("other")).Numbers(PropertyId.SubscriptionIdentifier).Order());
    }

    [Fact]
    public async Task OneIdentifierMayStandForSeveralFilters()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync([("a", 0), ("b", 0)], identifier: 9);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("a", "1");
        await publisher.PublishAsync("b", "2");
        Assert.Equal([9u], (await client.ExpectPublishAsync("1")).Numbers(PropertyId.SubscriptionIdentifier));
        Assert.Equal([9u], (await client.ExpectPublishAsync("2")).Numbers(PropertyId.SubscriptionIdentifier));
    }

    [Fact]
    public async Task SubscribingAgainReplacesQoSOptionsAndIdentifier() // [MQTT-3.8.4-3]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.ExactlyOnce, identifier: 1);
        await client.SubscribeAsync("t", QoS.AtLeastOnce, identifier: 2);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m");
        Assert.Equal(QoS.AtLeastOnce, publish.QoS);
        Assert.Equal([2u], publish.Numbers(PropertyId.SubscriptionIdentifier));
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "n", QoS.ExactlyOnce);
        Assert.Empty((await client.ExpectPublishAsync("n")).Numbers(PropertyId.SubscriptionIdentifier));
        await client.NothingMoreAsync();
    }

    [Fact] // [MQTT-3.8.4-4]: no interruption
    public async Task NoMessageIsLostOrDoubledWhileASubscriptionIsReplaced()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.AtMostOnce);
        var publisher = await gateway.ConnectAsync("p");
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < 300; i++)
            {
                await publisher.PublishAsync("t", $"{i}");
            }
        });
        var next = 0;
        for (var i = 0; next < 300; i++)
        {
            if (i < 100)
            {
                client.Send(ClientPackets.Subscribe((ushort)(i + 10), [("t", ClientPackets.SubscribeOptions(retainHandling: RetainHandling.DoNotSend))]));
            }

            var packet = await client.ReceiveAsync();
            if (packet?.Type == PacketType.Publish)
            {
                Assert.Equal($"{next++}", packet.Text);
            }
            else
            {
                Assert.Equal(PacketType.Suback, packet?.Type);
            }
        }

        await publishing.OrStuck("the publisher");
    }

    [Fact]
    public async Task NoLocalKeepsTheEchoAwayFromThePublisherOnly() // [MQTT-3.8.3-3]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await client.SubscribeAsync("t", QoS.AtLeastOnce, noLocal: true);
        await client.SubscribeAsync("+/x", QoS.AtLeastOnce, noLocal: true, identifier: 1);
        await client.SubscribeAsync("y/+", QoS.AtLeastOnce, identifier: 2);
        await client.PublishAsync("t", "own", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
        await client.PublishAsync("y/x", "both", QoS.AtLeastOnce);
        Assert.Equal([2u], (await client.ExpectPublishAsync("both")).Numbers(PropertyId.SubscriptionIdentifier));
        var other = await gateway.ConnectAsync("p");
        await other.PublishAsync("t", "theirs", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("theirs");

        await gateway.DropAsync(client); // the option lives with the subscription, whichever connection the client has
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, sessionPresent: true);
        await client.PublishAsync("t", "own", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task NoLocalOnASharedSubscriptionIsAProtocolError() // [MQTT-3.8.3-4]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        client.Send(ClientPackets.Subscribe(1, [("$share/g/t", ClientPackets.SubscribeOptions(noLocal: true))]));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task UnsubscribeEndsExactlyTheNamedFilters(ProtocolVersion version) // [MQTT-3.10.4-1] … [MQTT-3.10.4-6]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", version: version);
        await client.SubscribeAsync([("a/+", 1), ("a/#", 0), ("b", 1)]);
        var unsuback = await client.UnsubscribeAsync("a/+", "a", "b");
        if (version == ProtocolVersion.Mqtt5)
        {
            Assert.Equal([ReasonCode.Success, ReasonCode.NoSubscriptionExisted, ReasonCode.Success], unsuback.Reasons);
        }
        else
        {
            Assert.Equal(4, unsuback.Bytes.Length);
        }

        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("a/x", "still", QoS.AtLeastOnce);
        Assert.Equal(QoS.AtMostOnce, (await client.ExpectPublishAsync("still")).QoS);
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("b", "gone", QoS.AtLeastOnce));
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task MessagesOnTheirWayAreFinishedAfterUnsubscribe() // [MQTT-3.10.4-3]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await client.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m", acknowledge: false);
        await client.UnsubscribeAsync("t");
        await gateway.DropAsync(client);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, sessionPresent: true);
        Assert.Equal(publish.PacketId, (await client.ExpectPublishAsync("m")).PacketId);
        await client.NothingMoreAsync();
        Assert.Empty((await gateway.SessionInfoAsync("c")).Subscriptions);
    }

    [Fact]
    public async Task DurableSubscriptionsChangeOnRecordBeforeTheAnswer() // I4
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await client.SubscribeAsync([("a", 1), ("b", 2)], identifier: 5);
        var info = await gateway.SessionInfoAsync("c");
        Assert.Equal(["a", "b"], info.Subscriptions.Select(subscription => subscription.Filter).Order());
        Assert.All(info.Subscriptions, subscription => Assert.Equal(5u, subscription.Identifier));
        await client.UnsubscribeAsync("a");
        Assert.Equal("b", Assert.Single((await gateway.SessionInfoAsync("c")).Subscriptions).Filter);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task SubackAnswersEveryFilterInItsPlace(ProtocolVersion version) // [MQTT-3.8.4-6] [MQTT-3.9.3-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", version: version);
        var suback = await client.SubscribeAsync([("a", 2), ("b", 0), ("a", 1), ("$share/g/a", 1)]);
        Assert.Equal([2, 0, 1, 1], suback.Reasons.Select(reason => (byte)reason));
    }

    [Fact]
    public async Task TopicsWithADollarAreNotMatchedByWildcards() // [MQTT-4.7.2-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync([("#", 0), ("+/x", 0)]);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("$data/x", "hidden");
        await client.NothingMoreAsync();
        await client.SubscribeAsync("$data/+");
        await publisher.PublishAsync("$data/x", "seen");
        await client.ExpectPublishAsync("seen");
    }

    [Fact]
    public async Task ManySubscribersOfOneFilterAllGetTheMessage()
    {
        const int Subscribers = 600; // more than two chunks
        await using var gateway = await InMemoryGateway.StartAsync();
        var clients = new List<MemoryClient>();
        for (var i = 0; i < Subscribers; i++)
        {
            clients.Add(await gateway.ConnectAsync($"c{i}"));
            await clients[i].SubscribeAsync("t", (QoS)(i % 3));
        }

        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.ExactlyOnce);
        for (var i = 0; i < Subscribers; i++)
        {
            Assert.Equal((QoS)(i % 3), (await clients[i].ExpectPublishAsync("m")).QoS);
        }

        for (var i = 0; i < Subscribers; i += 2)
        {
            await clients[i].UnsubscribeAsync("t");
        }

        await publisher.PublishAsync("t", "n", QoS.ExactlyOnce);
        for (var i = 0; i < Subscribers; i++)
        {
            await (i % 2 == 0 ? clients[i].NothingMoreAsync() : clients[i].ExpectPublishAsync("n"));
        }
    }

    [Fact]
    public async Task FeaturesTurnedOffAreToldAndRefused()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options =>
        {
            options.Connections.WildcardSubscriptionAvailable = false;
            options.Connections.SharedSubscriptionAvailable = false;
            options.Connections.SubscriptionIdentifiersAvailable = false;
            options.Connections.RetainAvailable = false;
        });
        var client = gateway.Open();
        var connack = await client.ConnectAsync("c");
        foreach (var id in (PropertyId[])[PropertyId.WildcardSubscriptionAvailable, PropertyId.SharedSubscriptionAvailable,
            PropertyId.SubscriptionIdentifierAvailable, PropertyId.RetainAvailable])
        {
            Assert.Equal(0u, connack.Number(id));
        }

        await client.SubscribeAsync("a");
        client.Send(ClientPackets.Subscribe(9, "a/+"));
        await client.ExpectDisconnectAsync(ReasonCode.WildcardSubscriptionsNotSupported);
        client = await gateway.ConnectAsync("c");
        client.Send(ClientPackets.Subscribe(9, "$share/g/a"));
        await client.ExpectDisconnectAsync(ReasonCode.SharedSubscriptionsNotSupported);
        client = await gateway.ConnectAsync("c");
        client.Send(ClientPackets.Subscribe(9, "a", properties: new PropertyList { { PropertyId.SubscriptionIdentifier, 1 } }));
        await client.ExpectDisconnectAsync(ReasonCode.SubscriptionIdentifiersNotSupported);
        client = await gateway.ConnectAsync("c");
        client.Send(ClientPackets.Publish("a", "m", retain: true));
        await client.ExpectDisconnectAsync(ReasonCode.RetainNotSupported); // [MQTT-3.2.2-14]
    }
}
