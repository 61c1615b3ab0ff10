using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Cluster.Failures;

/// <summary>A warning is for someone who has to do something: a calm start and stop has none.</summary>
public sealed class CalmLogTests
{
    [Fact]
    public async Task CalmStartAndStopWarnOfNothing()
    {
        var cluster = await GrainCluster.StartAsync(2);
        await using (cluster)
        {
            var store = cluster.Client.GetGrain<ISessionStoreGrain>((long)StoreShard.Of(Sample.Key, GrainCluster.StoreShards));
            var opened = await store.AttachAsync(Sample.Key, Sample.Open(expiry: 600));
            await cluster.Client.GetGrain<IRetainGrain>(0L).SetAsync(new RetainBatch("t", Sample.A, 1, [new RetainEntry("a", [1], 0)]));
            await cluster.Client.GetGrain<IDirectoryGrain>(0L).HeartbeatAsync(new GatewayBeat(Sample.A, "here", GatewayState.Ready, 0));
            await cluster.Client.GetGrain<ISessionGrain>(Sample.Key).CloseAsync(opened.Epoch, Sample.Close(600, deactivate: true));
            var first = await store.PollAsync(Sample.Poll());
            var hanging = store.PollAsync(Sample.Poll(last: first, wait: 10_000));
            await Stuck.UntilAsync(() => cluster.Calls.Count(store, nameof(store.PollAsync)) == 2, "the poll");
            await cluster.StopAsync(cluster.HostOf(store));
            await hanging.OrStuck("the poll's answer");
        }

        var ours = cluster.Log.Lines.Where(line => line.Category.StartsWith("GrainMQ.", StringComparison.Ordinal) && line.Level >= LogLevel.Warning);
        var errors = cluster.Log.Lines.Where(line => line.Level >= LogLevel.Error); // of Orleans, about our grains
        Assert.Equal("", string.Join('\n', ours.Concat(errors)));
    }
}
