namespace GrainMQ.Grains.Contracts;

/// <summary>A message in the queue of a session that has ended.</summary>
/// <param name="Key"><see cref="EndedQueue.Key"/>.</param>
/// <param name="Number">The message's number in that queue.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueSource")]
public sealed record QueueSource(
    [property: Id(0)] string Key,
    [property: Id(1)] long Number);
