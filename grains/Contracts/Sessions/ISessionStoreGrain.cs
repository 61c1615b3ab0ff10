using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>
/// One of the P shards that own the sessions, key 0 … P−1; <see cref="StoreShard"/> says which shard owns a session. A shard keeps epochs,
/// owners, subscriptions, the timers of wills and expiry, and the queues of messages.
/// <para>
/// The gateways call it for everything that a connection does. A gateway has one of <see cref="AttachAsync"/>, <see cref="ApplyAsync"/> and
/// <see cref="DetachAsync"/> under way for a client; between gateways the epochs decide. <see cref="ISessionGrain"/> calls it for callers
/// that know a client and no shards. Each of these calls may be repeated.
/// </para>
/// </summary>
[Alias("GrainMQ.ISessionStoreGrain")]
public interface ISessionStoreGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Opens a session for a CONNECT: takes a new epoch, which fences every lower one, and names the connection that held the session. The shard
    /// answers the CONNECTs of one client one after the other.
    /// </summary>
    /// <param name="key">The session's key, <c>"{tenant}/{clientId}"</c>.</param>
    /// <param name="request">The CONNECT.</param>
    [Alias("Attach")] Task<OpenReply> AttachAsync(string key, OpenRequest request);

    /// <summary>
    /// Applies a SUBSCRIBE or UNSUBSCRIBE to an attached session that outlives its connection, and commits it before the reply. Fenced: a
    /// higher epoch owns the session; Quota: too many subscriptions; Full: the disk has no room and nothing was changed.
    /// </summary>
    [Alias("Apply")] Task<SessionResult> ApplyAsync(SessionDelta delta);

    /// <summary>
    /// Ends a connection: takes over its unfinished deliveries, starts the timers of will and expiry, and commits before the reply. Ignores
    /// <see cref="CloseRequest.Deactivate"/>. Fenced: a higher epoch owns the session; NotFound: it has ended.
    /// </summary>
    /// <param name="key">The session's key.</param>
    /// <param name="epoch">The epoch of the connection that ended.</param>
    /// <param name="request">What the connection leaves.</param>
    [Alias("Detach")] Task<SessionResult> DetachAsync(string key, ulong epoch, CloseRequest request);

    /// <summary>
    /// Adds messages to the queues of sessions that outlive their connection, connected or not. The reply is the promise behind PUBACK and PUBREC.
    /// </summary>
    [Alias("Queue")] Task<QueueReply> QueueAsync(QueueBatch batch);

    /// <summary>Returns a page of a connected session's queue to its gateway: committed messages only.</summary>
    [Alias("Read")] Task<QueuePage> ReadAsync(QueueRead read);

    /// <summary>Notes what subscribers have acknowledged, and the QoS 2 states that must outlive a crash; commits before the reply.</summary>
    [Alias("Report")] Task<ProgressReply> ReportAsync(ProgressBatch batch);

    /// <summary>
    /// Tells a shard that moved which connected sessions a gateway holds, at most 1,000 a call. Throws while the shard is moving: call again.
    /// </summary>
    [Alias("Reattach")] Task<ReattachReply> ReattachAsync(ReattachBatch batch);

    /// <summary>
    /// Waits at most 10 s for news of detached sessions, due wills and unread queues. The next poll's <see cref="StorePoll.AckedVersion"/> and
    /// <see cref="StorePoll.CompletedWork"/> acknowledge this reply. A newer poll of the same gateway ends one that still hangs.
    /// Throws while the shard is moving: poll again and name the same published wills.
    /// </summary>
    [Alias("Poll")] Task<StorePollReply> PollAsync(StorePoll poll);

    /// <summary>
    /// Says that due wills are published, for a gateway that cannot wait for its next poll, and for the <see cref="OpenReply.DueWill"/> of a CONNECT.
    /// Repeating it changes nothing. Busy: call again.
    /// </summary>
    [Alias("CompleteWork")] Task<SessionResult> CompleteWillsAsync(PublishedWills wills);

    /// <summary>Does what <see cref="ISessionGrain.PresetAsync"/> says, for the session with this key.</summary>
    [Alias("Preset")] Task<SessionResult> PresetAsync(string key, PresetRequest request);

    /// <summary>Does what <see cref="ISessionGrain.GetInfoAsync"/> says, for the session with this key.</summary>
    [Alias("GetInfo"), AlwaysInterleave] Task<SessionInfo> GetInfoAsync(string key);
}
