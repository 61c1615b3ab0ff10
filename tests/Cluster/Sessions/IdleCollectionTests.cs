using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Metadata;
using Xunit;

namespace GrainMQ.Tests.Cluster.Sessions;

/// <summary>Idle activations: those of clients are collected, those of shards, which are dear to open, are not.</summary>
public sealed class IdleCollectionTests
{
    /// <summary>The shortest that Orleans takes: it collects once a second and wants an age above that.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task IdleSessionGrainIsCollectedAndTheShardsStay()
    {
        await using var cluster = await GrainCluster.StartAsync(1, configure: Hurry);
        var retain = cluster.Client.GetGrain<IRetainGrain>(0L);
        var session = cluster.Client.GetGrain<ISessionGrain>("t/idle");
        var query = new RetainQuery("t", "#", null, 10, 1_000);
        await retain.QueryAsync(query);
        await session.GetInfoAsync(); // calls the store shard; the session's own call ends last
        var store = cluster.Client.GetGrain<ISessionStoreGrain>((long)StoreShard.Of("t/idle", GrainCluster.StoreShards));

        await Assert.Single(cluster.Activations.Of(session)).Gone.OrStuck("the collection of the session's grain");

        await retain.QueryAsync(query); // what idles longer would have been collected by now, and would be made anew by this call
        await session.GetInfoAsync();
        Assert.Equal((2, 1, 1), (cluster.Activations.Of(session).Count, cluster.Activations.Of(retain).Count, cluster.Activations.Of(store).Count));
    }

    private static void Hurry(ISiloBuilder silo)
    {
        silo.Configure<GrainCollectionOptions>(options => (options.CollectionQuantum, options.CollectionAge) = (TimeSpan.FromSeconds(1), Age));
        silo.Services.AddSingleton<IGrainPropertiesProvider, ShortAges>();
    }

    /// <summary>An age in an attribute wins over the options; this one comes after the attributes.</summary>
    private sealed class ShortAges : IGrainPropertiesProvider
    {
        public void Populate(Type grainClass, GrainType grainType, Dictionary<string, string> properties)
        {
            if (properties.TryGetValue(WellKnownGrainTypeProperties.IdleDeactivationPeriod, out var age)
                && age != WellKnownGrainTypeProperties.IndefiniteIdleDeactivationPeriodValue)
            {
                properties[WellKnownGrainTypeProperties.IdleDeactivationPeriod] = Age.ToString();
            }
        }
    }
}
