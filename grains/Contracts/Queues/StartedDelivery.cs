namespace GrainMQ.Grains.Contracts;

/// <summary>A delivery from a session's queue that has begun.</summary>
/// <param name="Sequence">The message's number in the queue.</param>
/// <param name="PacketId">The Packet Identifier of the delivery.</param>
/// <param name="Stage">How far the delivery has come.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.StartedDelivery")]
public sealed record StartedDelivery(
    [property: Id(0)] long Sequence,
    [property: Id(1)] ushort PacketId,
    [property: Id(2)] PendingStage Stage);
