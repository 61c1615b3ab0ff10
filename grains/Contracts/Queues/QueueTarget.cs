namespace GrainMQ.Grains.Contracts;

/// <summary>One session that gets a message, and how.</summary>
/// <param name="Key">The session's key.</param>
/// <param name="Qos">The QoS of the delivery, 0 to 2.</param>
/// <param name="Retain">The RETAIN flag of the delivery.</param>
/// <param name="SubscriptionIdentifiers">The Subscription Identifiers of the matching subscriptions; empty if they have none.</param>
/// <param name="Epoch">
/// The epoch of any connection that the session had, as the producer knows it. A session that has replaced that one meanwhile does not get
/// the message. 0: the producer does not know one, and whatever session has the key gets the message.
/// </param>
/// <param name="Share">
/// The Topic Filter of the Shared Subscription, <c>$share/{ShareName}/{filter}</c>, that chose the session; null if none did. When the session
/// ends, the message goes to another member.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueTarget")]
public sealed record QueueTarget(
    [property: Id(0)] string Key,
    [property: Id(1)] byte Qos,
    [property: Id(2)] bool Retain,
    [property: Id(3)] uint[] SubscriptionIdentifiers,
    [property: Id(4)] ulong Epoch = 0,
    [property: Id(5)] string? Share = null);
