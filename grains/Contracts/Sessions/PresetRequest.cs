namespace GrainMQ.Grains.Contracts;

/// <summary>Makes a session before its client connects.</summary>
/// <param name="Subscriptions">Subscriptions to add; each replaces the one with the same filter.</param>
/// <param name="ExpirySeconds">How many seconds the session waits for its client; 0 and <see cref="uint.MaxValue"/> = for ever.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.PresetRequest")]
public sealed record PresetRequest(
    [property: Id(0)] SubscriptionRecord[] Subscriptions,
    [property: Id(1)] uint ExpirySeconds);
