namespace GrainMQ.Grains.Contracts;

/// <summary>A message on its way to one session.</summary>
/// <param name="Message">
/// The message in the gateway's own encoding, shared and never written; empty at stage <see cref="PendingStage.Released"/>.
/// </param>
/// <param name="Qos">The QoS of the delivery, 0 to 2.</param>
/// <param name="Retain">The RETAIN flag of the delivery.</param>
/// <param name="SubscriptionIdentifiers">The Subscription Identifiers of the delivery; empty if it has none.</param>
/// <param name="ExpiresAt">Unix milliseconds after which the message is no longer delivered; 0 = never.</param>
/// <param name="Stage">How far the delivery has come.</param>
/// <param name="PacketId">The Packet Identifier of the delivery; 0 at stage <see cref="PendingStage.Queued"/>.</param>
/// <param name="Sequence">
/// The message's number in the session's queue: from 1, rising, with gaps where messages were dropped. 0: only the gateway that hands the
/// message over has it.
/// </param>
/// <param name="Share">As in <see cref="QueueTarget"/>.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.PendingMessage")]
public sealed record PendingMessage(
    [property: Id(0)] byte[] Message,
    [property: Id(1)] byte Qos,
    [property: Id(2)] bool Retain,
    [property: Id(3)] uint[] SubscriptionIdentifiers,
    [property: Id(4)] long ExpiresAt,
    [property: Id(5)] PendingStage Stage,
    [property: Id(6)] ushort PacketId,
    [property: Id(7)] long Sequence = 0,
    [property: Id(8)] string? Share = null);
