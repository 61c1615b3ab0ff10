using System.Diagnostics;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Cluster.Failures;

/// <summary>A silo is lost together with what its shards had under way. I11</summary>
public sealed class SiloKillTests
{
    private const string Key = Sample.Key;

    [Theory] // I6, I10
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatWasAcknowledgedIsThereOnAnotherSiloAndARepeatedBatchIsStoredOnce(bool isStoredWithoutAnswer)
    {
        var logs = new HeldLogs(GrainCluster.NewLogs());
        await using var cluster = await GrainCluster.StartAsync(2, logs);
        var store = cluster.Client.GetGrain<ISessionStoreGrain>(0L);
        var opened = await store.AttachAsync(Key, Sample.Open(expiry: 600));
        await store.ApplyAsync(new SessionDelta(Key, opened.Epoch, [Sample.Subscription("a/#")], []));
        Assert.Equal(SessionResult.Ok, (await store.QueueAsync(Sample.Batch(1, "1", "2"))).Result);
        var epoch = (await store.PollAsync(Sample.Poll())).ShardEpoch;
        var lost = cluster.HostOf(store);
        var neighbour = cluster.Silos.Single(silo => silo != lost);

        var hold = logs.HoldNext(isStoredWithoutAnswer);
        var batch = Sample.Batch(2, "3", "4");
        var underWay = neighbour.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<ISessionStoreGrain>(0L).QueueAsync(batch);
        await hold.Reached.OrStuck("the append");
        var watch = Stopwatch.StartNew();
        await cluster.KillAsync(lost);
        // a client's call would end with its response time-out only: gateways give up their calls themselves
        await Assert.ThrowsAsync<SiloUnavailableException>(() => underWay.OrStuck("the call to the lost silo"));
        var brokenAfter = watch.Elapsed;
        await cluster.JoinAsync();
        Assert.Equal(SessionResult.Ok, (await RepeatAsync(() => store.QueueAsync(batch))).Result);
        TestContext.Current.TestOutputHelper?.WriteLine($"The call was broken after {brokenAfter.TotalMilliseconds:F0} ms, and taken after {watch.ElapsedMilliseconds} ms.");

        hold.Release(); // what the lost silo's shard still wants to append comes too late
        await store.QueueAsync(batch);
        var poll = await store.PollAsync(Sample.Poll());
        Assert.True(poll.ShardEpoch > epoch, $"The epoch went from {epoch} to {poll.ShardEpoch}.");
        Assert.Equal(Sample.Subscription("a/#"), Assert.Single((await store.GetInfoAsync(Key)).Subscriptions));
        var page = await store.ReadAsync(new QueueRead(Key, opened.Epoch, 0, 100, 100_000));
        Assert.Equal(["1", "2", "3", "4"], Sample.Texts(page.Messages));
    }

    /// <summary>As a gateway does: until there is an answer that is not Busy.</summary>
    private static async Task<QueueReply> RepeatAsync(Func<Task<QueueReply>> call)
    {
        for (var start = Environment.TickCount64; ; Stuck.Check(start, "an answer"))
        {
            try
            {
                if (await call() is { Result: not SessionResult.Busy } reply)
                {
                    return reply;
                }
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException or InvalidOperationException)
            {
                // the shard is on its way to another silo
            }
        }
    }
}
