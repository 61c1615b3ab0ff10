using Xunit;

namespace GrainMQ.Tests.Cluster;

/// <summary>
/// The cluster of all tests that neither stop nor kill anything. A test takes shards and sessions of its own: no number of a shard that
/// the options name, no key that another has.
/// </summary>
public sealed class TwoSilos : IAsyncLifetime
{
    private GrainCluster? _cluster;

    internal GrainCluster Cluster => _cluster ?? throw new InvalidOperationException("Not started.");

    public async ValueTask InitializeAsync() => _cluster = await GrainCluster.StartAsync(2);

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
