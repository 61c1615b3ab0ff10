using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Subscriptions;

/// <summary>
/// A live message that becomes the retained one of its topic goes ahead of a page of retained messages that was read before it: the page
/// leaves the topic out, or the client would take the old state for the new one.
/// </summary>
public sealed class OvertakenPageTests
{
    private const string Query = "IRetainGrain.QueryAsync";
    private const string Filter = "room/1/+"; // two literal levels: one shard has all of it

    private readonly GrainFaults _faults = new();

    public static TheoryData<uint, QoS> Sessions =>
        new MatrixTheoryData<uint, QoS>([0, 1000], [QoS.AtMostOnce, QoS.AtLeastOnce, QoS.ExactlyOnce]);

    [Theory]
    [MemberData(nameof(Sessions))]
    public async Task PageThatWasHeldUpDoesNotBringAnOldStateBehindANewOne(uint expiry, QoS qos)
    {
        await using var gateway = await StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("room/1/lamp", "off", QoS.AtLeastOnce, retain: true);
        await publisher.PublishAsync("room/1/door", "shut", QoS.AtLeastOnce, retain: true);
        await publisher.PublishAsync("room/1/fan", "still", QoS.AtLeastOnce, retain: true);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry);
        await SubscribeWithPageHeldUpAsync(client, qos);

        await publisher.PublishAsync("room/1/lamp", "on", QoS.ExactlyOnce, retain: true);
        await publisher.PublishAsync("room/1/fan", "", QoS.ExactlyOnce, retain: true); // it has no state any more
        await publisher.PublishAsync("room/1/door", "somebody knocks", QoS.ExactlyOnce); // an event, not the state
        Assert.False((await client.ExpectPublishAsync("on")).Retain);
        await client.ExpectPublishAsync("");
        await client.ExpectPublishAsync("somebody knocks");
        await client.NothingMoreAsync();
        var page = client.ExpectPublishAsync("shut");
        await gateway.AdvanceUntilAsync(page, "the page");
        Assert.True((await page).Retain);
        await gateway.AdvanceAsync(TimeSpan.Zero);
        await client.NothingMoreAsync();

        _faults.Heal();
        await client.SubscribeAsync("room/1/lamp", qos); // only the page that was held up left it out
        Assert.True((await client.ExpectPublishAsync("on")).Retain);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task PageOfALaterSubscribeBringsWhatWentAheadOfAnEarlierOne(uint expiry)
    {
        await using var gateway = await StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("room/1/lamp", "off", QoS.AtLeastOnce, retain: true);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry);
        await SubscribeWithPageHeldUpAsync(client, QoS.AtLeastOnce);
        await publisher.PublishAsync("room/1/lamp", "on", QoS.AtLeastOnce, retain: true);
        await client.ExpectPublishAsync("on");
        _faults.Heal();
        await client.SubscribeAsync("room/1/lamp", QoS.AtLeastOnce); // both pages are on their way
        var page = client.ExpectPublishAsync("on");
        await gateway.AdvanceUntilAsync(page, "the second page");
        Assert.True((await page).Retain);
        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(QoS.AtMostOnce)]
    [InlineData(QoS.AtLeastOnce)]
    [InlineData(QoS.ExactlyOnce)]
    public async Task PageThatAnEarlierConnectionAskedForIsNotSentToTheNext(QoS qos) // §3.3.1.3: retained messages come with a SUBSCRIBE
    {
        await using var gateway = await StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("room/1/lamp", "on", QoS.ExactlyOnce, retain: true);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await SubscribeWithPageHeldUpAsync(client, qos);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(6));
        await client.NothingMoreAsync();
        await client.SubscribeAsync("room/1/lamp", qos); // and does not keep the next one's
        await client.ExpectPublishAsync("on");
    }

    private async Task<InMemoryGateway> StartAsync()
    {
        _faults.Plan.MaximumDelay = TimeSpan.FromSeconds(4); // a call is given up after 5
        return await InMemoryGateway.StartAsync(faults: _faults);
    }

    /// <summary>The shard has read the page when this completes, and its answer is late.</summary>
    private async Task SubscribeWithPageHeldUpAsync(MemoryClient client, QoS qos)
    {
        _faults.Break(Query, CallFault.LateAnswer, times: 1);
        await client.SubscribeAsync(Filter, qos);
        await Stuck.UntilAsync(() => _faults.Met == 1, "the question for retained messages");
        await Stuck.CalmAsync();
    }
}
