using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Xunit;

namespace GrainMQ.Tests.Cluster.Sessions;

/// <summary>The activation of a client's grain: it ends with a close that asks for it, and what is stored stays. I1</summary>
public sealed class SessionGrainTests(TwoSilos silos)
{
    private readonly GrainCluster _cluster = silos.Cluster;

    [Fact]
    public async Task CloseThatDeactivatesEndsTheActivationAndKeepsTheSession()
    {
        const string key = "t/closed";
        var (store, session) = (Store(key), _cluster.Client.GetGrain<ISessionGrain>(key));
        var opened = await store.AttachAsync(key, Sample.Open(expiry: 600));
        await store.QueueAsync(Sample.Batch(Sample.A, 1, key, 1, "waits"));
        await session.GetInfoAsync();
        var activation = Assert.Single(_cluster.Activations.Of(session));
        Assert.Equal(1, await CountedAsync(session));

        Assert.Equal(SessionResult.Ok, await session.CloseAsync(opened.Epoch, Sample.Close(600, deactivate: true)));
        await activation.Deactivated.OrStuck("the end of OnDeactivateAsync");
        await activation.Gone.OrStuck("the end of the activation");

        Assert.Equal(0, await CountedAsync(session));
        var info = await store.GetInfoAsync(key);
        Assert.Equal((true, null, 1), (info.Exists, info.Owner, info.Queued));
        var again = await store.AttachAsync(key, Sample.Open(connection: 2, expiry: 600));
        Assert.True(again.SessionPresent);
        Assert.Equal(["waits"], Sample.Texts(again.State?.Pending ?? []));
    }

    [Fact]
    public async Task FencedCloseLeavesTheSessionToTheNewerConnection() // I2
    {
        const string key = "t/fenced";
        var (store, session) = (Store(key), _cluster.Client.GetGrain<ISessionGrain>(key));
        var old = await store.AttachAsync(key, Sample.Open(connection: 1, expiry: 600));
        var current = await store.AttachAsync(key, Sample.Open(Sample.B, connection: 2, expiry: 600));

        Assert.Equal(SessionResult.Fenced, await session.CloseAsync(old.Epoch, Sample.Close(600, deactivate: true)));

        Assert.Equal(current.Epoch, (await session.GetInfoAsync()).Owner?.Epoch);
    }

    [Fact]
    public async Task CloseOfAnOrdinaryConnectionDeactivatesNothing()
    {
        const string key = "t/ordinary";
        var (store, session) = (Store(key), _cluster.Client.GetGrain<ISessionGrain>(key));
        var opened = await store.AttachAsync(key, Sample.Open(expiry: 600));

        Assert.Equal(SessionResult.Ok, await session.CloseAsync(opened.Epoch, Sample.Close(600)));

        Assert.Null((await session.GetInfoAsync()).Owner);
        Assert.False(Assert.Single(_cluster.Activations.Of(session)).IsGone);
    }

    [Fact]
    public void IdleActivationIsCollectedAfterTwoMinutes()
    {
        var manifest = _cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterManifestProvider>().LocalGrainManifest;
        var session = manifest.Grains[_cluster.Client.GetGrain<ISessionGrain>("t/none").GetGrainId().Type];
        Assert.Equal(TimeSpan.FromMinutes(2), TimeSpan.Parse(session.Properties[WellKnownGrainTypeProperties.IdleDeactivationPeriod]));
    }

    /// <summary>Activations of a grain, as the silos' catalogs have them; the directory's answer may come from a cache.</summary>
    private async Task<int> CountedAsync(ISessionGrain session)
    {
        var statistics = await _cluster.Client.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics();
        return statistics.Count(statistic => statistic.GrainId == session.GetGrainId());
    }

    private ISessionStoreGrain Store(string key) => _cluster.Client.GetGrain<ISessionStoreGrain>((long)StoreShard.Of(key, GrainCluster.StoreShards));
}
