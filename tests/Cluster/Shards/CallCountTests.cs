using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Cluster.Shards;

/// <summary>What the life of sessions costs in calls and activations. I12</summary>
public sealed class CallCountTests(TwoSilos silos)
{
    private readonly GrainCluster _cluster = silos.Cluster;

    [Fact]
    public async Task SessionsLiveAndEndInTheShardAndActivateNoGrainOfTheirOwn()
    {
        const int sessions = 50;
        var store = _cluster.Client.GetGrain<ISessionStoreGrain>(140L);
        var keys = Enumerable.Range(0, sessions).Select(number => $"t/counted-{number}").ToArray();

        var opened = await Task.WhenAll(keys.Select((key, at) => store.AttachAsync(key, Sample.Open(connection: at + 1, expiry: 600))));
        await Task.WhenAll(keys.Select((key, at) => store.ApplyAsync(new SessionDelta(key, opened[at].Epoch, [Sample.Subscription(key)], []))));
        var queued = await store.QueueAsync(new QueueBatch(Sample.A, 1, [.. keys.Select(key => Message(key, [key]))]));
        var progress = keys.Select((key, at) => new SessionProgress(key, opened[at].Epoch, [1, 1], [], [])).ToArray();
        var reported = await store.ReportAsync(new ProgressBatch(Sample.A, progress, 1));
        var closed = await Task.WhenAll(keys.Select((key, at) => store.DetachAsync(key, opened[at].Epoch, Sample.Close(600))));

        Assert.Equal((SessionResult.Ok, SessionResult.Ok), (queued.Result, reported.Result));
        Assert.All(closed, result => Assert.Equal(SessionResult.Ok, result));
        Assert.Equal(sessions, _cluster.Calls.Count(store, nameof(store.AttachAsync)));
        Assert.Equal((3 * sessions) + 2, _cluster.Calls.To(store).Count);
        Assert.All(keys, key => Assert.Empty(_cluster.Activations.Of(_cluster.Client.GetGrain<ISessionGrain>(key))));
    }

    [Fact]
    public async Task BatchForManySessionsIsOneCall() // I6
    {
        const int messages = 64;
        var store = _cluster.Client.GetGrain<ISessionStoreGrain>(141L);
        var keys = Enumerable.Range(0, 20).Select(number => $"t/batched-{number}").ToArray();
        var connection = 0L;
        foreach (var key in keys)
        {
            await store.AttachAsync(key, Sample.Open(connection: ++connection, expiry: 600));
        }

        var before = _cluster.Calls.To(store).Count;

        var reply = await store.QueueAsync(new QueueBatch(Sample.A, 1, [.. Enumerable.Range(0, messages).Select(number => Message($"{number}", keys))]));

        Assert.Equal(before + 1, _cluster.Calls.To(store).Count);
        Assert.Equal((SessionResult.Ok, messages * keys.Length), (reply.Result, reply.Sequences?.Count(number => number > 0)));
        foreach (var key in keys)
        {
            Assert.Equal(messages, (await store.GetInfoAsync(key)).Queued);
        }
    }

    [Fact]
    public async Task CallInsideASiloHandsOverTheBatchItself()
    {
        var store = _cluster.Client.GetGrain<ISessionStoreGrain>(142L);
        await store.GetInfoAsync("t/none");
        var batch = Sample.Batch(Sample.A, 1, "t/none", 1, "not copied");
        var neighbour = _cluster.HostOf(store).ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<ISessionStoreGrain>(142L);
        await neighbour.QueueAsync(batch);
        Assert.Same(batch, _cluster.Calls.To(store)[^1].Argument);
    }

    private static QueueEntry Message(string text, string[] keys) =>
        new(Sample.Bytes(text), 0, [.. keys.Select(key => new QueueTarget(key, 1, false, []))]);
}
