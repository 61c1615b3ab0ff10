namespace GrainMQ.Grains.Contracts;

/// <summary>The connected sessions that a gateway holds in one shard.</summary>
/// <param name="Gateway">The gateway that calls.</param>
/// <param name="Sessions">Its sessions of the shard, at most 1,000 a call.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ReattachBatch")]
public sealed record ReattachBatch(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] ReattachEntry[] Sessions);
