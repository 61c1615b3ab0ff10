namespace GrainMQ.Grains.Contracts;

/// <summary>How far the deliveries of connected sessions have come. Repeating it changes nothing.</summary>
/// <param name="Gateway">The gateway that reports.</param>
/// <param name="Sessions">The sessions' progress: each session at most once, at most 1,000 a call.</param>
/// <param name="Sequence">
/// Rises per gateway incarnation and shard, with one report under way at a time. A copy that comes late, when a packet identifier may be
/// in use again, changes nothing. 0: the caller sends nothing twice.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ProgressBatch")]
public sealed record ProgressBatch(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] SessionProgress[] Sessions,
    [property: Id(2)] long Sequence = 0);
