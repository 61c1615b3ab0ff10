namespace GrainMQ.Grains.Contracts;

/// <summary>What a session keeps between two connections. MQTT 5 §4.1.</summary>
/// <param name="Subscriptions">The session's subscriptions, one per Topic Filter, in no particular order.</param>
/// <param name="Pending">Deliveries that had begun, in the order of sending, then the first page of those that wait, oldest first.</param>
/// <param name="InboundQos2">Packet identifiers of the client's QoS 2 publications between PUBLISH and PUBREL.</param>
/// <param name="HasMore">Whether more messages wait: read them with <see cref="ISessionStoreGrain.ReadAsync"/> after <paramref name="Last"/>.</param>
/// <param name="Last">Every number up to this one is done or among <paramref name="Pending"/>.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SessionState")]
public sealed record SessionState(
    [property: Id(0)] SubscriptionRecord[] Subscriptions,
    [property: Id(1)] PendingMessage[] Pending,
    [property: Id(2)] ushort[] InboundQos2,
    [property: Id(3)] bool HasMore = false,
    [property: Id(4)] long Last = 0);
