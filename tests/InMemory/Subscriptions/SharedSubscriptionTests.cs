using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Subscriptions;

/// <summary>Shared Subscriptions. MQTT 5 §4.8.2.</summary>
public sealed class SharedSubscriptionTests
{
    public static TheoryData<ShareStrategy> Strategies => [.. Enum.GetValues<ShareStrategy>()];

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task EachMessageGoesToExactlyOneMember(ShareStrategy strategy)
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Delivery.ShareStrategy = strategy);
        var members = await MembersAsync(gateway, 3);
        for (var number = 0; number < 6; number++)
        {
            var publisher = await gateway.ConnectAsync($"publisher-{number}");
            for (var i = 0; i < 10; i++)
            {
                Assert.Equal(ReasonCode.Success, await publisher.PublishAsync($"t/{i}", $"{number}:{i}", QoS.AtLeastOnce));
            }
        }

        var received = await Task.WhenAll(members.Select(ReceivedAsync));
        Assert.Equal(60, received.Sum(list => list.Count));
        Assert.Equal(60, received.SelectMany(list => list).Distinct().Count());
        switch (strategy)
        {
            case ShareStrategy.RoundRobin:
                Assert.All(received, list => Assert.Equal(20, list.Count));
                break;
            case ShareStrategy.Sticky or ShareStrategy.HashClientId:
                Assert.All(
                    received.SelectMany((list, member) => list.Select(text => (Publisher: text.Split(':')[0], member))).GroupBy(pair => pair.Publisher),
                    group => Assert.Single(group.Select(pair => pair.member).Distinct()));
                break;
            case ShareStrategy.HashTopic:
                Assert.All(
                    received.SelectMany((list, member) => list.Select(text => (Topic: text.Split(':')[1], member))).GroupBy(pair => pair.Topic),
                    group => Assert.Single(group.Select(pair => pair.member).Distinct()));
                break;
        }
    }

    [Fact]
    public async Task GroupsAndOrdinarySubscriptionsAreIndependent()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var one = await gateway.ConnectAsync("one");
        await one.SubscribeAsync("$share/g/t", QoS.AtLeastOnce, identifier: 1);
        await one.SubscribeAsync("t", QoS.AtLeastOnce, identifier: 2);
        var two = await gateway.ConnectAsync("two");
        await two.SubscribeAsync("$share/h/t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        uint[] identifiers =
        [
            .. (await one.ExpectPublishAsync("m")).Numbers(PropertyId.SubscriptionIdentifier),
            .. (await one.ExpectPublishAsync("m")).Numbers(PropertyId.SubscriptionIdentifier),
        ];
        Assert.Equal([1u, 2u], identifiers.Order());
        await two.ExpectPublishAsync("m");
        await one.NothingMoreAsync();
        await two.NothingMoreAsync();
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task OfflineMemberSwallowsNothing(ShareStrategy strategy)
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Delivery.ShareStrategy = strategy);
        var members = await MembersAsync(gateway, 3);
        await gateway.DropAsync(members[0]);
        await gateway.DropAsync(members[2]);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync($"t/{i}", $"{i}", (QoS)(i % 3));
            await members[1].ExpectPublishAsync($"{i}");
        }

        await members[1].NothingMoreAsync();
    }

    [Fact]
    public async Task MemberThatIsBehindStillGetsItRatherThanAnOfflineOne()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        for (var i = 0; i < 2; i++)
        {
            var offline = await gateway.ConnectAsync($"offline-{i}", cleanStart: false, expiry: 1000);
            await offline.SubscribeAsync("$share/g/t", QoS.AtLeastOnce);
            await gateway.DropAsync(offline);
        }

        var slow = await gateway.ConnectAsync("slow", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await slow.SubscribeAsync("$share/g/t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync("t", $"{i}", i % 2 == 0 ? QoS.AtLeastOnce : QoS.AtMostOnce);
        }

        for (var i = 0; i < 20; i++)
        {
            await slow.ExpectPublishAsync($"{i}");
        }

        Assert.Equal(0, (await gateway.SessionInfoAsync("offline-0")).Queued);
        Assert.Equal(0, (await gateway.SessionInfoAsync("offline-1")).Queued);
    }

    [Fact]
    public async Task WithoutAConnectedMemberADurableOneKeepsTheMessage()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var member = await gateway.ConnectAsync("m", cleanStart: false, expiry: 1000);
        await member.SubscribeAsync("$share/g/t", QoS.AtLeastOnce);
        await gateway.DropAsync(member);
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("t", "kept", QoS.AtLeastOnce));
        member = await gateway.ConnectAsync("m", cleanStart: false, expiry: 1000, sessionPresent: true);
        await member.ExpectPublishAsync("kept");
    }

    [Fact]
    public async Task BusyMemberIsPassedOver()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var slow = await gateway.ConnectAsync("slow", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await slow.SubscribeAsync("$share/g/t", QoS.AtLeastOnce);
        var quick = await gateway.ConnectAsync("quick");
        await quick.SubscribeAsync("$share/g/t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        await slow.ExpectAsync(PacketType.Publish);
        await slow.NothingMoreAsync();
        Assert.Equal(19, (await ReceivedAsync(quick)).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UnacknowledgedQoS1GoesToAnotherMemberWhenTheSessionEnds(bool cleanStart) // §4.8.2
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.ConnectAsync("first", cleanStart: false, cleanStart ? 1000u : 0u);
        await first.SubscribeAsync("$share/g/t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 5; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        for (var i = 0; i < 5; i++)
        {
            await first.ExpectPublishAsync($"{i}", acknowledge: i == 0);
        }

        await first.NothingMoreAsync();
        var second = await gateway.ConnectAsync("second");
        await second.SubscribeAsync("$share/g/t", QoS.AtLeastOnce);
        if (cleanStart)
        {
            first = await gateway.ConnectAsync("first", cleanStart: true);
        }
        else
        {
            await gateway.DropAsync(first);
        }

        for (var i = 1; i < 5; i++)
        {
            Assert.False((await second.ExpectPublishAsync($"{i}")).Dup); // its first delivery to this client
        }

        await second.NothingMoreAsync();
    }

    [Fact]
    public async Task SentQoS2NeverGoesToAnotherMember() // [MQTT-4.8.2-5]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.ConnectAsync("first", properties: new PropertyList { { PropertyId.ReceiveMaximum, 2 } });
        await first.SubscribeAsync("$share/g/t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 4; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.ExactlyOnce);
        }

        await first.ExpectPublishAsync("0", acknowledge: false);
        await first.ExpectPublishAsync("1", acknowledge: false);
        await first.NothingMoreAsync();
        var second = await gateway.ConnectAsync("second");
        await second.SubscribeAsync("$share/g/t", QoS.ExactlyOnce);
        await gateway.DropAsync(first);
        await second.ExpectPublishAsync("2");
        await second.ExpectPublishAsync("3");
        await second.NothingMoreAsync();
    }

    [Fact] // [MQTT-4.8.2-4]: as long as the session lives, its messages wait for it
    public async Task DurableMemberFinishesItsOwnMessages()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 1000);
        await first.SubscribeAsync("$share/g/t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "one", QoS.ExactlyOnce);
        await first.ExpectPublishAsync("one", acknowledge: false);
        var second = await gateway.ConnectAsync("second");
        await second.SubscribeAsync("$share/g/t", QoS.ExactlyOnce);
        await gateway.DropAsync(first);
        await second.NothingMoreAsync();
        first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 1000, sessionPresent: true);
        Assert.True((await first.ExpectPublishAsync("one")).Dup);
    }

    [Fact]
    public async Task UnsubscribedMemberGetsNothingMore()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var members = await MembersAsync(gateway, 2);
        await members[0].UnsubscribeAsync("$share/g/t/#");
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 10; i++)
        {
            await publisher.PublishAsync("t/x", $"{i}", QoS.AtLeastOnce);
        }

        await members[0].NothingMoreAsync();
        Assert.Equal(10, (await ReceivedAsync(members[1])).Count);
        await members[1].UnsubscribeAsync("$share/g/t/#");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("t/x", "nobody", QoS.AtLeastOnce));
    }

    private static async Task<MemoryClient[]> MembersAsync(InMemoryGateway gateway, int count)
    {
        var members = new MemoryClient[count];
        for (var i = 0; i < count; i++)
        {
            members[i] = await gateway.ConnectAsync($"member-{i}", cleanStart: false, expiry: 1000);
            await members[i].SubscribeAsync("$share/g/t/#", QoS.ExactlyOnce);
        }

        return members;
    }

    private static async Task<List<string>> ReceivedAsync(MemoryClient member)
    {
        var texts = new List<string>();
        member.Send(ClientPackets.Pingreq());
        while (await member.ReceiveAsync() is { Type: PacketType.Publish } publish)
        {
            texts.Add(publish.Text);
        }

        return texts;
    }
}
