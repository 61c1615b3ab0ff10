namespace GrainMQ.Grains.Contracts;

/// <summary>What a connection leaves when it ends.</summary>
/// <param name="Reason">Why the connection ended, for people to read.</param>
/// <param name="ExpirySeconds">
/// The Session Expiry Interval in seconds that counts from now, which DISCONNECT may have changed. It is ignored if the CONNECT had 0.
/// </param>
/// <param name="Will">What happens to the connection's will.</param>
/// <param name="Pending">
/// Unfinished deliveries, oldest first. Those with a number are in the queue: only stage and packet identifier count, and the message is
/// empty. The others come with their message and go before everything that waits.
/// </param>
/// <param name="InboundQos2">Packet identifiers of the client's QoS 2 publications between PUBLISH and PUBREL.</param>
/// <param name="Deactivate">Whether the connection met a null outbound frame: the client's grain ends with it. The store shard ignores this.</param>
/// <param name="Done">Numbers whose delivery has ended since the last report, as pairs of first and last; null if there are none.</param>
/// <param name="UncertainQos2">
/// Packet identifiers that belong to <paramref name="InboundQos2"/> only if the store shard has noted them: there was no answer when their
/// messages were queued, and the client sends them again. Null if there are none.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.CloseRequest")]
public sealed record CloseRequest(
    [property: Id(0)] string Reason,
    [property: Id(1)] uint ExpirySeconds,
    [property: Id(2)] WillAction Will,
    [property: Id(3)] PendingMessage[] Pending,
    [property: Id(4)] ushort[] InboundQos2,
    [property: Id(5)] bool Deactivate,
    [property: Id(6)] long[]? Done = null,
    [property: Id(7)] ushort[]? UncertainQos2 = null);
