using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Subscriptions;

/// <summary>
/// What a durable member of a Shared Subscription has not finished goes to another member when its session ends, however it ends. MQTT 5 §4.8.2.
/// </summary>
public sealed class ShareHandOverTests
{
    private const string Share = "$share/g/t";

    public enum End { ExpiresOffline, CleanStartOffline, CleanStartTakesOver, DisconnectsForGood, LosesConnectionForGood }

    public static TheoryData<End, QoS, bool> Rows => new(
        from end in Enum.GetValues<End>()
        from qos in (QoS[])[QoS.AtLeastOnce, QoS.ExactlyOnce]
        from isOtherDurable in (bool[])[false, true]
        select (end, qos, isOtherDurable));

    [Theory, MemberData(nameof(Rows))]
    public async Task UnfinishedMessagesGoToAnotherMember(End end, QoS qos, bool isOtherDurable)
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Delivery.MaximumInFlight = 2);
        var first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 100);
        await first.SubscribeAsync(Share, qos);
        await first.SubscribeAsync("t", qos); // its own copy of each, which is for no other
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 5; i++)
        {
            await publisher.PublishAsync("t", $"{i}", qos);
        }

        await first.ExpectPublishAsync("0");
        await first.ExpectPublishAsync("0");
        await first.ExpectPublishAsync("1", acknowledge: false);
        await first.ExpectPublishAsync("1", acknowledge: false);
        await first.NothingMoreAsync();
        var other = await OtherAsync(gateway, isOtherDurable);

        await EndAsync(gateway, first, end);

        foreach (var text in (string[])[.. qos == QoS.AtLeastOnce ? ["1"] : (string[])[], "2", "3", "4"]) // [MQTT-4.8.2-5]: QoS 2 that was sent
        {
            var publish = await other.ExpectPublishAsync(text);
            Assert.Equal((qos, false), (publish.QoS, publish.Dup));
        }

        await other.NothingMoreAsync();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(30));
        await other.NothingMoreAsync(); // handed over once
    }

    [Fact]
    public async Task OfflineMemberGetsThemWhenItIsBack()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 100);
        var second = await gateway.ConnectAsync("second", cleanStart: false, expiry: 10_000);
        await first.SubscribeAsync(Share, QoS.AtLeastOnce);
        await second.SubscribeAsync(Share, QoS.AtLeastOnce);
        await gateway.DropAsync(first);
        await gateway.DropAsync(second);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 250; i++) // several pages
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(110));
        Assert.False((await gateway.SessionInfoAsync("first")).Exists);
        Assert.Equal(250, (await gateway.SessionInfoAsync("second")).Queued);
        second = await gateway.ConnectAsync("second", cleanStart: false, expiry: 10_000, sessionPresent: true);
        var texts = new HashSet<string>();
        for (var i = 0; i < 250; i++)
        {
            var publish = await second.ExpectAsync(PacketType.Publish);
            texts.Add(publish.Text);
            await second.FinishAsync(publish);
        }

        Assert.Equal(250, texts.Count);
        await second.NothingMoreAsync();
    }

    [Fact]
    public async Task WhatAMemberIsHandedIsHandedOn()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 100);
        await first.SubscribeAsync(Share, QoS.AtLeastOnce);
        await gateway.DropAsync(first);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        var second = await gateway.ConnectAsync("second", cleanStart: false, expiry: 200);
        await second.SubscribeAsync(Share, QoS.AtLeastOnce);
        await gateway.DropAsync(second);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(110));
        Assert.Equal(1, (await gateway.SessionInfoAsync("second")).Queued);

        var third = await gateway.ConnectAsync("third");
        await third.SubscribeAsync(Share, QoS.AtLeastOnce);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(110));
        await third.ExpectPublishAsync("m");
        await third.NothingMoreAsync();
    }

    [Fact]
    public async Task SlowMemberIsNotFilledUp()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Delivery.MaximumInFlight = 10);
        var first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 100);
        await first.SubscribeAsync(Share, QoS.AtLeastOnce);
        await gateway.DropAsync(first);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 1200; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        var slow = await gateway.ConnectAsync("slow");
        await slow.SubscribeAsync(Share, QoS.AtLeastOnce);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(110));
        var texts = new HashSet<string>();
        while (texts.Count < 1200)
        {
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(1));
            slow.Send(ClientPackets.Pingreq());
            while (await slow.ReceiveAsync() is { Type: PacketType.Publish } publish)
            {
                texts.Add(publish.Text);
                await slow.FinishAsync(publish);
            }
        }

        Assert.Equal(0, gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull"));
    }

    [Fact]
    public async Task WithoutAnotherMemberTheyEndWithTheSession()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 100);
        await first.SubscribeAsync(Share, QoS.AtLeastOnce);
        await gateway.DropAsync(first);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(110));
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_messages_dropped_total", "SessionEnded"));
        first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 100, sessionPresent: false);
        await first.SubscribeAsync(Share, QoS.AtLeastOnce);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(30));
        await first.NothingMoreAsync();
    }

    [Fact] // §4.8.2 lets a server go on with what it has for a session that unsubscribes
    public async Task UnsubscribingHandsNothingOver()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Delivery.MaximumInFlight = 1);
        var first = await gateway.ConnectAsync("first", cleanStart: false, expiry: 100);
        await first.SubscribeAsync(Share, QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "0", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "1", QoS.AtLeastOnce);
        var publish = await first.ExpectPublishAsync("0", acknowledge: false);
        var other = await OtherAsync(gateway, isDurable: false);
        await first.UnsubscribeAsync(Share);
        await first.FinishAsync(publish);
        await first.ExpectPublishAsync("1");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(30));
        await other.NothingMoreAsync();
    }

    private static async Task<MemoryClient> OtherAsync(InMemoryGateway gateway, bool isDurable)
    {
        var other = await gateway.ConnectAsync("other", cleanStart: !isDurable, expiry: isDurable ? 10_000u : null);
        await other.SubscribeAsync(Share, QoS.ExactlyOnce);
        return other;
    }

    private static async Task EndAsync(InMemoryGateway gateway, MemoryClient client, End end)
    {
        switch (end)
        {
            case End.ExpiresOffline:
                await gateway.DropAsync(client);
                await gateway.AdvanceAsync(TimeSpan.FromSeconds(110));
                break;
            case End.CleanStartOffline:
                await gateway.DropAsync(client);
                await gateway.ConnectAsync("first");
                break;
            case End.CleanStartTakesOver:
                await gateway.ConnectAsync("first", expiry: 100);
                break;
            case End.DisconnectsForGood:
                await gateway.DisconnectAsync(client, properties: new PropertyList { { PropertyId.SessionExpiryInterval, 0 } });
                break;
            default:
                var again = await gateway.ConnectAsync("first", cleanStart: false, expiry: 0, sessionPresent: true);
                await gateway.DropAsync(again);
                break;
        }
    }
}
