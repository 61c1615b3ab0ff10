namespace GrainMQ.Grains.Contracts;

/// <summary>A change of a session's subscriptions.</summary>
/// <param name="Key">The session's key.</param>
/// <param name="Epoch">The epoch of the connection that sent SUBSCRIBE or UNSUBSCRIBE.</param>
/// <param name="Added">Subscriptions to add; each replaces the one with the same filter. [MQTT-3.8.4-3]</param>
/// <param name="Removed">Topic Filters to remove, before the others are added. Unknown ones change nothing.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SessionDelta")]
public sealed record SessionDelta(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] SubscriptionRecord[] Added,
    [property: Id(3)] string[] Removed);
