namespace GrainMQ.Grains.Contracts;

/// <summary>Messages that one gateway puts into the queues of one shard.</summary>
/// <param name="Producer">The gateway that sends the batch.</param>
/// <param name="Sequence">
/// Rises per producer incarnation and shard. The producer has one batch under way at a time and repeats it until it is answered. A batch
/// that is no newer than the last one taken changes nothing.
/// </param>
/// <param name="Entries">The messages, in the order in which they go behind those that wait.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueBatch")]
public sealed record QueueBatch(
    [property: Id(0)] GatewayRef Producer,
    [property: Id(1)] long Sequence,
    [property: Id(2)] QueueEntry[] Entries);
