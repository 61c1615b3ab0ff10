namespace GrainMQ.Grains.Contracts;

/// <summary>What a store shard knows of a session.</summary>
/// <param name="Exists">Whether there is such a session. If not, the other members are 0, null or empty.</param>
/// <param name="Epoch">The epoch of its last connection.</param>
/// <param name="Owner">The connection that holds it; null if it is detached.</param>
/// <param name="ExpirySeconds">Its Session Expiry Interval in seconds; <see cref="uint.MaxValue"/> = never expires.</param>
/// <param name="Subscriptions">Its subscriptions, in no particular order.</param>
/// <param name="Queued">How many messages are in its queue, those whose delivery has begun included.</param>
/// <param name="WillArmed">Whether it is detached and has a will that waits for its delay.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SessionInfo")]
public sealed record SessionInfo(
    [property: Id(0)] bool Exists,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] SessionOwner? Owner,
    [property: Id(3)] uint ExpirySeconds,
    [property: Id(4)] SubscriptionRecord[] Subscriptions,
    [property: Id(5)] int Queued,
    [property: Id(6)] bool WillArmed);
