namespace GrainMQ.Grains.Contracts;

/// <summary>A delivery whose message is no longer in the session's queue.</summary>
/// <param name="Key">The session's key.</param>
/// <param name="Sequence">The message's number in the queue.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.GoneDelivery")]
public sealed record GoneDelivery(
    [property: Id(0)] string Key,
    [property: Id(1)] long Sequence);
