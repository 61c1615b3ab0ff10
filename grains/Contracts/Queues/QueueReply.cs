namespace GrainMQ.Grains.Contracts;

/// <summary>What became of a <see cref="QueueBatch"/>.</summary>
/// <param name="Result">
/// Ok when every entry of the batch has an outcome; Fenced when a newer incarnation of the producer has sent a batch; Busy = send the same
/// batch again; Full = nothing of it was stored.
/// </param>
/// <param name="Dropped">How many messages full queues have dropped for the batch, oldest first, or could not take.</param>
/// <param name="Sequences">
/// With Ok: for each target, in the order of the entries and of their targets, the message's number in that session's queue; 0 if it is not
/// there (dropped, repeated, or the session is gone). Null for a repeated batch: read the queues instead.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueReply")]
public sealed record QueueReply(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] int Dropped,
    [property: Id(2)] long[]? Sequences = null);
