using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

public abstract class PollSuite : GrainSuite
{
    [Fact]
    public async Task FirstPollGetsTheWholeTableAndTheNextOnesTheChanges()
    {
        await DetachedAsync("t/1", 60, "a");
        var first = await Store.PollAsync(Sample.Poll());
        await DetachedAsync("t/2", 60, "b");
        await Store.AttachAsync("t/1", Sample.Open(connection: 2_000, expiry: 60));
        var second = await Store.PollAsync(Sample.Poll(last: first));
        var third = await Store.PollAsync(Sample.Poll(last: second));

        Assert.Equal((true, "t/1"), (first.Snapshot, Assert.Single(first.Deltas).Key));
        Assert.False(second.Snapshot);
        Assert.Equal([("t/1", null), ("t/2", "b")], second.Deltas.Select(delta => (delta.Key, delta.Subscriptions?[0].Filter)).Order());
        Assert.Empty(third.Deltas);
        Assert.Equal(second.Version, third.Version);
    }

    [Fact]
    public async Task PollWithoutNewsHangsForTheTimeItAskedFor()
    {
        var first = await Store.PollAsync(Sample.Poll());
        var hanging = (await HangAsync(Sample.Poll(last: first, wait: 3_000)))[0];
        Advance(2.999);
        Assert.False(hanging.IsCompleted);
        Advance(0.001);

        Assert.Empty((await hanging).Deltas);
    }

    [Fact]
    public async Task PollHangsAtMostTenSeconds()
    {
        var first = await Store.PollAsync(Sample.Poll());
        var hanging = (await HangAsync(Sample.Poll(last: first, wait: int.MaxValue)))[0];
        Advance(10);

        Assert.Equal(first.Version, (await hanging).Version);
    }

    [Fact]
    public async Task HangingPollsHearNewsAtOnce()
    {
        var first = await Store.PollAsync(Sample.Poll());
        var a = (await HangAsync(Sample.Poll(Sample.A, first, wait: 10_000)))[0];
        var b = (await HangAsync(Sample.Poll(Sample.B, first, wait: 10_000)))[0];
        await DetachedAsync(Sample.Key, 60, "a");

        Assert.Equal(Sample.Key, Assert.Single((await a).Deltas).Key);
        Assert.Equal(Sample.Key, Assert.Single((await b).Deltas).Key);
    }

    [Fact]
    public async Task NewerPollOfAGatewayEndsTheOneThatHangs()
    {
        var first = await Store.PollAsync(Sample.Poll());
        var hanging = (await HangAsync(Sample.Poll(last: first, wait: 10_000)))[0];
        await Store.PollAsync(Sample.Poll(last: first));

        Assert.Empty((await hanging).Deltas);
    }

    [Fact]
    public async Task OwnerHearsWhatAnotherGatewayQueuedUntilItHasReadIt()
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(Sample.B, 1, expiry: 60));
        var last = await Store.PollAsync(Sample.Poll(Sample.B));
        var hanging = (await HangAsync(Sample.Poll(Sample.B, last, wait: 10_000)))[0];
        await Store.QueueAsync(Sample.Batch(Sample.A, 1, Sample.Key, 1, "m"));

        Assert.Equal(Sample.Key, Assert.Single((await hanging).Behind ?? []));
        Assert.Empty((await Store.PollAsync(Sample.Poll(Sample.B, last))).Behind ?? []);
        Advance(10);
        Assert.Equal(Sample.Key, Assert.Single((await Store.PollAsync(Sample.Poll(Sample.B, last))).Behind ?? [])); // the answer may have been lost
        Assert.Single((await Store.ReadAsync(new QueueRead(Sample.Key, opened.Epoch, 0, 10, 1_000))).Messages);
        Advance(10);
        Assert.Empty((await Store.PollAsync(Sample.Poll(Sample.B, last))).Behind ?? []);
    }

    [Fact]
    public async Task NewActivationTellsItsEpochAndTheWholeTable()
    {
        await DetachedAsync("t/1", 60, "a");
        var first = await Store.PollAsync(Sample.Poll());
        KillEverything();
        var second = await Store.PollAsync(Sample.Poll(last: first, wait: 10_000));

        Assert.True(second.ShardEpoch > first.ShardEpoch);
        Assert.True(second.Snapshot);
        Assert.Equal("t/1", Assert.Single(second.Deltas).Key);
    }

    [Fact]
    public async Task ExpiredSessionIsNews()
    {
        await DetachedAsync("t/1", 5, "a");
        var first = await Store.PollAsync(Sample.Poll());
        var hanging = (await HangAsync(Sample.Poll(last: first, wait: 10_000)))[0];
        Advance(5);

        Assert.Null(Assert.Single((await hanging).Deltas).Subscriptions);
        Assert.False((await Session("t/1").GetInfoAsync()).Exists);
    }
}
