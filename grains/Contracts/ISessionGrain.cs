using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>
/// One client by its name, key <c>"{tenant}/{clientId}"</c>: for callers that know a client and no shards. Activated by a call, collected when it
/// is idle; holds nothing that cannot be read again, so it may deactivate at any time. Connections do without it: CONNECT, SUBSCRIBE, UNSUBSCRIBE,
/// their ends and wills are calls of <see cref="ISessionStoreGrain"/>. A gateway calls it after a null outbound frame only.
/// </summary>
[Alias("GrainMQ.ISessionGrain")]
public interface ISessionGrain : IGrainWithStringKey
{
    /// <summary>
    /// The connection with this epoch ended: as <see cref="ISessionStoreGrain.DetachAsync"/>. With <see cref="CloseRequest.Deactivate"/> the activation
    /// goes once that is committed.
    /// </summary>
    [Alias("Close")] Task<SessionResult> CloseAsync(ulong epoch, CloseRequest request);

    /// <summary>Creates (or completes) a session that queues before its device ever connected. Replies when every gateway routes to it.</summary>
    [Alias("Preset")] Task<SessionResult> PresetAsync(PresetRequest request);

    /// <summary>What the store has of the session.</summary>
    [Alias("GetInfo"), AlwaysInterleave] Task<SessionInfo> GetInfoAsync();
}

public enum SessionResult : byte
{
    Ok,
    /// <summary>A higher epoch owns the session: the caller closes its connection.</summary>
    Fenced,
    NotFound,
    /// <summary>Try again: the shard is moving or a fault was met.</summary>
    Busy,
    /// <summary>A configured limit is reached.</summary>
    Quota,
    /// <summary>The disk has no room: nothing was stored. It may have room again later.</summary>
    Full,
}

/// <summary>One connection's claim on a session.</summary>
[GenerateSerializer, Immutable, Alias("GrainMQ.SessionOwner")]
public sealed record SessionOwner(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] long ConnectionId,
    [property: Id(2)] ulong Epoch);

/// <summary>A Will Message and how long after the connection's end it is due. MQTT 5 §3.1.3.2.2.</summary>
[GenerateSerializer, Immutable, Alias("GrainMQ.WillRecord")]
public sealed record WillRecord([property: Id(0)] byte[] Message, [property: Id(1)] uint DelaySeconds);

/// <param name="ConnectionId">
/// Never used twice by one incarnation of a gateway: a repeated call with it gets the same answer, and Fenced once a later connection
/// has taken the session.
/// </param>
/// <param name="ExpirySeconds">Session Expiry Interval: 0 ends with the connection, <see cref="uint.MaxValue"/> never expires.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.OpenRequest")]
public sealed record OpenRequest(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] long ConnectionId,
    [property: Id(2)] bool CleanStart,
    [property: Id(3)] uint ExpirySeconds,
    [property: Id(4)] WillRecord? Will);

/// <param name="Previous">The connection that owned the session until now, still to be closed by takeover; null when it was detached.</param>
/// <param name="State">
/// What the session has stored; null when it is new. Its messages stay in the queue until they are reported as done. With
/// <c>Previous</c> set, the gateway of that connection may know better how far its deliveries have come, and hands over what only it
/// has; if it is gone, QoS 1 may repeat. A repeated call gets the state as it is then.
/// </param>
/// <param name="DueWill">
/// The will that this open sets off: of a connection of the same gateway that it takes over, or, when it ends the session, one whose delay
/// was running. Publish it, then say so with <see cref="ISessionStoreGrain.CompleteWorkAsync"/> (<see cref="WorkItem.IdOfWillSetOffBy"/>). Leased
/// to the caller for 10 s: if it says nothing, the will becomes a <see cref="WorkItem"/> of some poll.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.OpenReply")]
public sealed record OpenReply(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] bool SessionPresent,
    [property: Id(3)] SessionOwner? Previous,
    [property: Id(4)] SessionState? State,
    [property: Id(5)] byte[]? DueWill);

/// <param name="Options">The Subscription Options byte of SUBSCRIBE. MQTT 5 §3.8.3.1.</param>
/// <param name="Identifier">Subscription Identifier, 0 when absent.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SubscriptionRecord")]
public sealed record SubscriptionRecord(
    [property: Id(0)] string Filter,
    [property: Id(1)] byte Options,
    [property: Id(2)] uint Identifier);

/// <summary>Everything a session keeps between two connections.</summary>
/// <param name="Pending">Deliveries that had begun, in the order of sending, then the first page of those that wait, oldest first.</param>
/// <param name="HasMore">More wait: <see cref="ISessionStoreGrain.ReadAsync"/> after <paramref name="Last"/>.</param>
/// <param name="Last">Everything up to this number is done or among <paramref name="Pending"/>.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SessionState")]
public sealed record SessionState(
    [property: Id(0)] SubscriptionRecord[] Subscriptions,
    [property: Id(1)] PendingMessage[] Pending,
    [property: Id(2)] ushort[] InboundQos2,
    [property: Id(3)] bool HasMore = false,
    [property: Id(4)] long Last = 0);

public enum PendingStage : byte
{
    /// <summary>Never sent.</summary>
    Queued,
    /// <summary>PUBLISH sent, not acknowledged: sent again with DUP on resume.</summary>
    Published,
    /// <summary>PUBREC received: PUBREL is sent again on resume; the message itself is no longer needed.</summary>
    Released,
}

/// <summary>A message on its way to one session.</summary>
/// <param name="Message">The gateway's message bytes; empty at stage <see cref="PendingStage.Released"/>. Shared, never written.</param>
/// <param name="ExpiresAt">Unix milliseconds after which it is no longer delivered; 0 = never.</param>
/// <param name="Sequence">
/// Its number in the session's queue: from 1, rising, with gaps where messages were dropped. 0: the store does not have it, only the
/// gateway that hands it over.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.PendingMessage")]
public sealed record PendingMessage(
    [property: Id(0)] byte[] Message,
    [property: Id(1)] byte Qos,
    [property: Id(2)] bool Retain,
    [property: Id(3)] uint[] SubscriptionIdentifiers,
    [property: Id(4)] long ExpiresAt,
    [property: Id(5)] PendingStage Stage,
    [property: Id(6)] ushort PacketId,
    [property: Id(7)] long Sequence = 0);

public enum WillAction : byte
{
    /// <summary>DISCONNECT 0x00 or already published by the gateway.</summary>
    Discard,
    /// <summary>Due after its delay, or when the session ends, whichever comes first. [MQTT-3.1.2-8]</summary>
    Arm,
}

/// <param name="ExpirySeconds">The Session Expiry Interval that counts from now (DISCONNECT may have changed it).</param>
/// <param name="Pending">
/// Unfinished deliveries, oldest first. Those with a number are in the queue: only stage and packet identifier count, the message is
/// empty. The others come with their message and go before everything that waits.
/// </param>
/// <param name="Done">Numbers whose delivery has ended since the last report, as pairs of first and last; null = none.</param>
/// <param name="InboundQos2">Identifiers of the client's QoS 2 publications between PUBLISH and PUBREL.</param>
/// <param name="Deactivate">The connection met a null outbound frame: the client's grain ends with it. The store ignores this.</param>
/// <param name="UncertainQos2">
/// More of them, if the store has noted them: there was no answer when they were queued. The client sends them again. Null = none.
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

/// <param name="ExpirySeconds">How long the session waits for its device; 0 and <see cref="uint.MaxValue"/> = for ever.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.PresetRequest")]
public sealed record PresetRequest(
    [property: Id(0)] SubscriptionRecord[] Subscriptions,
    [property: Id(1)] uint ExpirySeconds);

[GenerateSerializer, Immutable, Alias("GrainMQ.SessionInfo")]
public sealed record SessionInfo(
    [property: Id(0)] bool Exists,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] SessionOwner? Owner,
    [property: Id(3)] uint ExpirySeconds,
    [property: Id(4)] SubscriptionRecord[] Subscriptions,
    [property: Id(5)] int Queued,
    [property: Id(6)] bool WillArmed);
