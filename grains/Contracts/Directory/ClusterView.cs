namespace GrainMQ.Grains.Contracts;

/// <summary>The gateways that hold a lease, and the numbers that every process of the cluster must agree on.</summary>
/// <param name="ViewId">Rises with every change of the gateways.</param>
/// <param name="Gateways">The last heartbeat of each gateway, ordered by number.</param>
/// <param name="StoreShards">The number of <see cref="ISessionStoreGrain"/> shards. It never changes in a cluster's life.</param>
/// <param name="RetainShards">The number of <see cref="IRetainGrain"/> shards. It never changes in a cluster's life.</param>
/// <param name="Contracts"><see cref="ContractVersion.Current"/> of the silo that answers; 0 from a silo older than this member.</param>
/// <param name="Oldest">Every gateway with a lower number has ended.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ClusterView")]
public sealed record ClusterView(
    [property: Id(0)] long ViewId,
    [property: Id(1)] GatewayBeat[] Gateways,
    [property: Id(2)] int StoreShards,
    [property: Id(3)] int RetainShards,
    [property: Id(4)] int Contracts = 0,
    [property: Id(5)] long Oldest = 0);
