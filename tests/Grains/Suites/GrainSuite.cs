using System.Diagnostics;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

/// <summary>A cluster with one store shard and one retain shard, and what the suites need to drive it.</summary>
public abstract class GrainSuite : IAsyncLifetime
{
    private IGrainCluster? _cluster;
    private long _connection = 1_000;

    protected IGrainCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster starts with the test.");

    protected ManualTimeProvider Time => Cluster.Time;

    protected ISessionStoreGrain Store => Cluster.Client.GetGrain<ISessionStoreGrain>(0L);

    public ValueTask InitializeAsync()
    {
        _cluster = Start(Configure);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Cluster.DisposeAsync();
    }

    protected abstract IGrainCluster Start(Action<GrainOptions> configure);

    protected virtual void Configure(GrainOptions options) => (options.StoreShards, options.RetainShards) = (1, 1);

    protected ISessionGrain Session(string key = Sample.Key) => Cluster.Client.GetGrain<ISessionGrain>(key);

    protected void Advance(double seconds) => Time.Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>Kills every silo in turn: whatever lived in an activation is lost.</summary>
    protected void KillEverything()
    {
        for (var silo = 0; silo < Cluster.Silos; silo++)
        {
            Cluster.KillSilo(silo);
            Cluster.StartSilo(silo);
        }
    }

    /// <summary>Starts a poll and comes back when it waits in the grain. The task in the array is still running.</summary>
    protected async Task<Task<StorePollReply>[]> HangAsync(StorePoll poll)
    {
        await Store.GetInfoAsync("t/none"); // activated: from here on only the poll arms a timer
        var armed = Time.ArmedTimers;
        var hanging = Store.PollAsync(poll);
        await EventuallyAsync(() => Time.ArmedTimers > armed);
        Assert.False(hanging.IsCompleted);
        return [hanging];
    }

    /// <summary>Moves the clock by milliseconds, so that it cannot run past a call that is just about to look at it.</summary>
    protected async Task AdvanceUntilAsync(Task task, double atMost)
    {
        var limit = Time.GetUtcNow().AddSeconds(atMost);
        while (!task.IsCompleted && Time.GetUtcNow() < limit)
        {
            Advance(0.001);
            // the grain has had a turn; and the pool prefers what this thread has queued to this loop, which goes to the end of the line
            await Store.GetInfoAsync("t/none");
            await Task.Yield();
        }
        Assert.True(task.IsCompleted, $"Not completed within {atMost} s.");
    }

    protected static async Task EventuallyAsync(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "The condition never came true.");
            await Task.Yield();
        }
    }

    /// <summary>A session with these subscriptions and no connection.</summary>
    protected async Task<ulong> DetachedAsync(string key = Sample.Key, uint expiry = 600, params string[] filters)
    {
        var reply = await Store.AttachAsync(key, Sample.Open(connection: ++_connection, expiry: expiry));
        Assert.Equal(SessionResult.Ok, reply.Result);
        var subscriptions = filters.Select(filter => Sample.Subscription(filter)).ToArray();
        Assert.Equal(SessionResult.Ok, await Store.ApplyAsync(new SessionDelta(key, reply.Epoch, subscriptions, [])));
        Assert.Equal(SessionResult.Ok, await Store.DetachAsync(key, reply.Epoch, Sample.Close(expiry)));
        return reply.Epoch;
    }
}
