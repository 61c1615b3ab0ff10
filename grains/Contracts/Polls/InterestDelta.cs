namespace GrainMQ.Grains.Contracts;

/// <summary>The subscriptions of a detached session, for gateways to route to its shard.</summary>
/// <param name="Key">The session's key.</param>
/// <param name="Epoch">The session's epoch when it was detached.</param>
/// <param name="Subscriptions">Its subscriptions; null if the session has ended or is attached somewhere.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.InterestDelta")]
public sealed record InterestDelta(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] SubscriptionRecord[]? Subscriptions);
