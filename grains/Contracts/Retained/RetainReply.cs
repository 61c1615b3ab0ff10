namespace GrainMQ.Grains.Contracts;

/// <summary>What became of a <see cref="RetainBatch"/>.</summary>
/// <param name="Result">
/// Ok when every entry is set or refused for good; Fenced when a newer incarnation of the producer has sent a batch; Busy = send the same
/// batch again; Full = the disk has no room and nothing of the batch was stored.
/// </param>
/// <param name="Refused">With Ok: indices of the entries that are over the shard's count or byte quota. The others are set.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainReply")]
public sealed record RetainReply(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] int[] Refused);
