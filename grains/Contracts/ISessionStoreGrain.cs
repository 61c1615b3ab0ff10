using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>
/// One of the P shards that own the session records, key <c>hash(tenant/clientId) % P</c>: epochs, owners, subscriptions, will and
/// expiry timers, and the queues of messages.
/// <para>
/// The gateways call it for everything that a connection does. A gateway has one of <see cref="AttachAsync"/>, <see cref="ApplyAsync"/> and
/// <see cref="DetachAsync"/> under way for a client; between gateways the epochs decide. <see cref="ISessionGrain"/> calls it for those who
/// know a client and no shards. Each of these calls may be repeated.
/// </para>
/// </summary>
[Alias("GrainMQ.ISessionStoreGrain")]
public interface ISessionStoreGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// CONNECT: takes a new epoch and names the connection that held the session. Every lower epoch is fenced from here on. CONNECTs of one client
    /// are answered one after the other.
    /// </summary>
    [Alias("Attach")] Task<OpenReply> AttachAsync(string key, OpenRequest request);

    /// <summary>
    /// SUBSCRIBE and UNSUBSCRIBE of an attached session that outlives its connection; committed before the reply. Fenced when a higher epoch owns it.
    /// </summary>
    [Alias("Apply")] Task<SessionResult> ApplyAsync(SessionDelta delta);

    /// <summary>
    /// The connection ended: takes what is unfinished, arms will and expiry; committed before the reply. Ignores <see cref="CloseRequest.Deactivate"/>.
    /// </summary>
    [Alias("Detach")] Task<SessionResult> DetachAsync(string key, ulong epoch, CloseRequest request);

    /// <summary>
    /// Adds messages to the queues of sessions that outlive their connection, connected or not. The reply is the promise behind PUBACK.
    /// </summary>
    [Alias("Queue")] Task<QueueReply> QueueAsync(QueueBatch batch);

    /// <summary>A page of a connected session's queue, for its gateway. Committed messages only.</summary>
    [Alias("Read")] Task<QueuePage> ReadAsync(QueueRead read);

    /// <summary>Acknowledgements of subscribers, and the QoS 2 states that must outlive a crash; committed before the reply.</summary>
    [Alias("Report")] Task<ProgressReply> ReportAsync(ProgressBatch batch);

    /// <summary>After the shard moved: gateways name the sessions that they hold, at most 1,000 a call. Throws while it is moving.</summary>
    [Alias("Reattach")] Task<ReattachReply> ReattachAsync(ReattachBatch batch);

    /// <summary>
    /// Waits at most 10 s for news of detached sessions and for work (due wills). The next poll's <c>AckedVersion</c> and
    /// <c>CompletedWork</c> acknowledge this reply. A newer poll of the same gateway ends one that still hangs.
    /// Throws while the shard is moving: poll again and name the same completed work.
    /// </summary>
    [Alias("Poll")] Task<StorePollReply> PollAsync(StorePoll poll);

    /// <summary>
    /// Work is done; for a gateway that cannot wait for its next poll, and for the <see cref="OpenReply.DueWill"/> of a CONNECT. Repeating it changes
    /// nothing.
    /// </summary>
    [Alias("CompleteWork")] Task<SessionResult> CompleteWorkAsync(CompletedWork work);

    /// <summary>As <see cref="ISessionGrain.PresetAsync"/>.</summary>
    [Alias("Preset")] Task<SessionResult> PresetAsync(string key, PresetRequest request);

    [Alias("GetInfo"), AlwaysInterleave] Task<SessionInfo> GetInfoAsync(string key);
}

/// <param name="Ids">Of <see cref="WorkItem"/>s.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.CompletedWork")]
public sealed record CompletedWork([property: Id(0)] long[] Ids);

[GenerateSerializer, Immutable, Alias("GrainMQ.SessionDelta")]
public sealed record SessionDelta(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] SubscriptionRecord[] Added,
    [property: Id(3)] string[] Removed);

/// <summary>One message for the queues of several sessions, connected or not.</summary>
/// <param name="Origin">Set for a QoS 2 publication of a session that outlives its connection: repeated, it changes nothing.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueEntry")]
public sealed record QueueEntry(
    [property: Id(0)] byte[] Message,
    [property: Id(1)] long ExpiresAt,
    [property: Id(2)] QueueTarget[] Targets,
    [property: Id(3)] MessageOrigin? Origin = null);

/// <summary>
/// A QoS 2 publication between PUBLISH and PUBREL. The publisher's record keeps the identifier, in the same commit as the message when
/// one shard has both sessions, so that a PUBLISH sent again after a crash is not delivered again. [MQTT-4.3.3-10]
/// </summary>
[GenerateSerializer, Immutable, Alias("GrainMQ.MessageOrigin")]
public sealed record MessageOrigin([property: Id(0)] string Key, [property: Id(1)] ushort PacketId);

/// <param name="Epoch">
/// Of any connection that the session had, as the producer knows it: a session that has taken its place meanwhile does not get the message.
/// 0: not known.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueTarget")]
public sealed record QueueTarget(
    [property: Id(0)] string Key,
    [property: Id(1)] byte Qos,
    [property: Id(2)] bool Retain,
    [property: Id(3)] uint[] SubscriptionIdentifiers,
    [property: Id(4)] ulong Epoch = 0);

/// <param name="Sequence">
/// Rises per producer incarnation and shard. The producer has one batch under way at a time and repeats it until it is answered; a batch
/// that is no newer than the last one taken changes nothing.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueBatch")]
public sealed record QueueBatch(
    [property: Id(0)] GatewayRef Producer,
    [property: Id(1)] long Sequence,
    [property: Id(2)] QueueEntry[] Entries);

/// <param name="Result">Ok when every entry of the batch has an outcome; Busy = send the same batch again; Full = nothing of it was stored.</param>
/// <param name="Dropped">Messages dropped because a session's queue was full (oldest first).</param>
/// <param name="Sequences">
/// With Ok: for each target, in the order of the entries and of their targets, the message's number in that session's queue; 0 = it is
/// not there (dropped, repeated, or the session is gone). A repeated batch gets null: read the queues instead.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueReply")]
public sealed record QueueReply(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] int Dropped,
    [property: Id(2)] long[]? Sequences = null);

/// <summary>Asks for a page of a connected session's queue.</summary>
/// <param name="After">The last number that the caller has; deliveries that have begun are not read again.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueRead")]
public sealed record QueueRead(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] long After,
    [property: Id(3)] int MaxMessages,
    [property: Id(4)] int MaxBytes);

/// <param name="Result">Ok, Fenced, NotFound, or Busy: ask again.</param>
/// <param name="Messages">In the order of their numbers; at least one unless there is none.</param>
/// <param name="Last">Everything up to this number was looked at: the next page begins after it.</param>
/// <param name="HasMore">False: <paramref name="Last"/> is the newest number that is stored for good.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueuePage")]
public sealed record QueuePage(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] PendingMessage[] Messages,
    [property: Id(2)] long Last,
    [property: Id(3)] bool HasMore);

/// <summary>How far the deliveries of connected sessions have come; at most 1,000 sessions a call. Repeating it changes nothing.</summary>
/// <param name="Gateway">Who reports.</param>
/// <param name="Sessions">Each at most once.</param>
/// <param name="Sequence">
/// Rises per gateway incarnation and shard, with one report under way at a time: a copy that comes late, when a packet identifier may be
/// in use again, changes nothing. 0: the caller sends nothing twice.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ProgressBatch")]
public sealed record ProgressBatch(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] SessionProgress[] Sessions,
    [property: Id(2)] long Sequence = 0);

/// <param name="Done">Numbers whose delivery has ended, as pairs of first and last.</param>
/// <param name="Started">QoS 2 deliveries about to be sent, or released by PUBREC: stored before the packet leaves.</param>
/// <param name="InboundReleased">Identifiers of the client's own QoS 2 publications that PUBREL has freed: stored before PUBCOMP.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SessionProgress")]
public sealed record SessionProgress(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] long[] Done,
    [property: Id(3)] StartedDelivery[] Started,
    [property: Id(4)] ushort[] InboundReleased);

[GenerateSerializer, Immutable, Alias("GrainMQ.StartedDelivery")]
public sealed record StartedDelivery(
    [property: Id(0)] long Sequence,
    [property: Id(1)] ushort PacketId,
    [property: Id(2)] PendingStage Stage);

/// <param name="Result">Ok when every session has an outcome; Busy = send the same again; Full = send it later.</param>
/// <param name="Fenced">Keys that a higher epoch owns, or that are gone: nothing was noted for them.</param>
/// <param name="Gone">What was to begin and cannot: a full queue has dropped it on its way, and its packet identifier is not noted. Null: none.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ProgressReply")]
public sealed record ProgressReply(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] string[] Fenced,
    [property: Id(2)] GoneDelivery[]? Gone = null);

/// <summary>A message of a session's queue that is not there any more.</summary>
[GenerateSerializer, Immutable, Alias("GrainMQ.GoneDelivery")]
public sealed record GoneDelivery(
    [property: Id(0)] string Key,
    [property: Id(1)] long Sequence);

[GenerateSerializer, Immutable, Alias("GrainMQ.ReattachEntry")]
public sealed record ReattachEntry(
    [property: Id(0)] string Key,
    [property: Id(1)] SessionOwner Owner,
    [property: Id(2)] uint ExpirySeconds,
    [property: Id(3)] WillRecord? Will,
    [property: Id(4)] SubscriptionRecord[] Subscriptions);

[GenerateSerializer, Immutable, Alias("GrainMQ.ReattachBatch")]
public sealed record ReattachBatch(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] ReattachEntry[] Sessions);

/// <param name="Fenced">Keys that a higher epoch owns: close the local connection.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ReattachReply")]
public sealed record ReattachReply([property: Id(0)] string[] Fenced);

/// <param name="ShardEpoch">The epoch of the last reply, 0 at first.</param>
/// <param name="AckedVersion">Every interest delta up to this version is applied.</param>
/// <param name="Live">
/// The gateways of the caller's cluster view; null = no view yet. Sessions of another gateway count as disconnected once a newer
/// incarnation of it is named, or the shard has not heard of it for longer than a hanging poll lasts (15 s).
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.StorePoll")]
public sealed record StorePoll(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] long ShardEpoch,
    [property: Id(2)] long AckedVersion,
    [property: Id(3)] GatewayRef[]? Live,
    [property: Id(4)] long[] CompletedWork,
    [property: Id(5)] int WaitMilliseconds);

/// <param name="ShardEpoch">Changes when the shard was activated anew: re-attach every connected session.</param>
/// <param name="Snapshot">True when <c>Deltas</c> is the whole table, not a continuation.</param>
/// <param name="Behind">
/// Connected sessions of the caller for which another gateway queued something: read their queues to the end. Named again by a later
/// poll while that has not been done.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.StorePollReply")]
public sealed record StorePollReply(
    [property: Id(0)] long ShardEpoch,
    [property: Id(1)] long Version,
    [property: Id(2)] bool Snapshot,
    [property: Id(3)] InterestDelta[] Deltas,
    [property: Id(4)] WorkItem[] Work,
    [property: Id(5)] string[]? Behind = null);

/// <summary>A detached session's subscriptions; null = that session has ended or is attached somewhere.</summary>
[GenerateSerializer, Immutable, Alias("GrainMQ.InterestDelta")]
public sealed record InterestDelta(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] SubscriptionRecord[]? Subscriptions);

/// <summary>A will that is due: publish it, then name its id in the next poll. Leased to one gateway for 10 s.</summary>
/// <param name="Id">The epoch of the connection that set it; negative: of the connection whose CONNECT made it due.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.WorkItem")]
public sealed record WorkItem(
    [property: Id(0)] long Id,
    [property: Id(1)] string Key,
    [property: Id(2)] byte[] Message)
{
    /// <summary>Of the <see cref="OpenReply.DueWill"/> of the CONNECT with this epoch.</summary>
    public static long IdOfWillSetOffBy(ulong epoch) => -(long)epoch;
}
