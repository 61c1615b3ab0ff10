namespace GrainMQ.Grains.Contracts;

/// <summary>Retained messages that one gateway sets in one shard.</summary>
/// <param name="Tenant">The tenant of all topics of the batch.</param>
/// <param name="Producer">The gateway that sends the batch.</param>
/// <param name="Sequence">Rises per producer incarnation and shard. A batch that is no newer than the last one taken changes nothing.</param>
/// <param name="Entries">The messages, in the order in which they were published.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainBatch")]
public sealed record RetainBatch(
    [property: Id(0)] string Tenant,
    [property: Id(1)] GatewayRef Producer,
    [property: Id(2)] long Sequence,
    [property: Id(3)] RetainEntry[] Entries);
