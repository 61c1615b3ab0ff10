using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains;
using Xunit;

namespace GrainMQ.Tests.Cluster.Shards;

public sealed class PlacementTests(TwoSilos silos)
{
    private const int CallsPerCaller = 20;

    private readonly GrainCluster _cluster = silos.Cluster;

    [Theory] // I10
    [InlineData(100L)]
    [InlineData(101L)]
    [InlineData(102L)]
    public async Task ShardThatEverySiloCallsAtOnceHasOneActivation(long shard)
    {
        var connection = 0L;
        var calls = Enumerable.Range(0, CallsPerCaller).SelectMany(_ => _cluster.Callers())
            .Select(caller => caller.GetGrain<ISessionStoreGrain>(shard))
            .Select(store => store.AttachAsync($"t/placed-{shard}", Sample.Open(connection: ++connection, expiry: 600)));
        var replies = await Task.WhenAll(calls);

        Assert.All(replies, reply => Assert.Equal(SessionResult.Ok, reply.Result));
        Assert.Equal(replies.Length, replies.Select(reply => reply.Epoch).Distinct().Count()); // I2
        Assert.Single(_cluster.Activations.Of(_cluster.Client.GetGrain<ISessionStoreGrain>(shard)), activation => activation.WasActivated);
    }

    [Fact]
    public async Task SessionIsTheSameFromEverySilo()
    {
        const string key = "t/seen";
        var store = _cluster.Client.GetGrain<ISessionStoreGrain>(103L);
        var opened = await store.AttachAsync(key, Sample.Open(expiry: 600));
        await store.ApplyAsync(new SessionDelta(key, opened.Epoch, [Sample.Subscription("a/#", options: 2, identifier: 7)], []));
        await store.QueueAsync(Sample.Batch(Sample.A, 1, key, 1, "1", "2"));

        foreach (var caller in _cluster.Callers())
        {
            var info = await caller.GetGrain<ISessionStoreGrain>(103L).GetInfoAsync(key);
            Assert.Equal((true, opened.Epoch, 600u, 2), (info.Exists, info.Epoch, info.ExpirySeconds, info.Queued));
            Assert.Equal(new SessionOwner(Sample.A, 1, opened.Epoch), info.Owner);
            Assert.Equal(Sample.Subscription("a/#", options: 2, identifier: 7), Assert.Single(info.Subscriptions));
        }
    }

    [Fact]
    public async Task RetainedMessageIsTheSameFromEverySilo()
    {
        var entry = new RetainEntry("placed/topic", Sample.Bytes("kept"), 0);
        var retain = _cluster.Client.GetGrain<IRetainGrain>(100L);
        Assert.Equal(SessionResult.Ok, (await retain.SetAsync(new RetainBatch("t", Sample.A, 1, [entry]))).Result);

        foreach (var caller in _cluster.Callers())
        {
            var page = await caller.GetGrain<IRetainGrain>(100L).QueryAsync(new RetainQuery("t", "placed/#", null, 10, 1_000));
            Assert.Equal("kept", Sample.Text(Assert.Single(page.Messages).Message ?? []));
        }
        Assert.Single(_cluster.Activations.Of(retain), activation => activation.WasActivated);
    }

    [Fact]
    public async Task ViewIsTheSameFromEverySilo()
    {
        var beat = new GatewayBeat(Sample.A, "here", GatewayState.Ready, 0);
        var view = await _cluster.Client.GetGrain<IDirectoryGrain>(0L).HeartbeatAsync(beat);

        foreach (var caller in _cluster.Callers())
        {
            var seen = await caller.GetGrain<IDirectoryGrain>(0L).GetViewAsync();
            Assert.Equal((view.ViewId, 4, 2), (seen.ViewId, seen.StoreShards, seen.RetainShards));
            Assert.Equal(beat, Assert.Single(seen.Gateways));
        }
    }
}
