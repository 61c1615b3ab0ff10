namespace GrainMQ.Grains.Contracts;

/// <summary>One connected session as its gateway knows it. The shard takes the details if it has lost the session or has it at a lower epoch.</summary>
/// <param name="Key">The session's key.</param>
/// <param name="Owner">The connection; its gateway is the one that calls.</param>
/// <param name="ExpirySeconds">The Session Expiry Interval in seconds, as in <see cref="OpenRequest"/>.</param>
/// <param name="Will">The connection's will; null if it has none.</param>
/// <param name="Subscriptions">The session's subscriptions.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ReattachEntry")]
public sealed record ReattachEntry(
    [property: Id(0)] string Key,
    [property: Id(1)] SessionOwner Owner,
    [property: Id(2)] uint ExpirySeconds,
    [property: Id(3)] WillRecord? Will,
    [property: Id(4)] SubscriptionRecord[] Subscriptions);
