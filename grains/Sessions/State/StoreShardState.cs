using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>
/// The state of one store shard: its sessions, and the parts that change them, one for each kind of call. Every part is a deterministic
/// function of its inputs and their times, so that replaying the journal gives the same state.
/// </summary>
internal sealed class StoreShardState : IJournaledState<SessionSnapshot, SessionChange>
{
    public StoreShardState(GrainOptions options)
    {
        Queues = new QueueBounds(options.OfflineQueueMaxMessages, options.OfflineQueueMaxBytes, options.QueuedBytesPerShard);
        Wills = new DueWills((long)options.WorkLease.TotalMilliseconds);
        Sessions = new SessionRecords(Math.Max(1, options.MaxSessions / options.StoreShards), Queues);
        Ended = new EndedQueues(Sessions, (long)options.WorkLease.TotalMilliseconds);
        Lifecycle = new SessionLifecycle(Sessions, Owners, Interest, Wills, Ended);
        Attachment = new SessionAttachment(Sessions, Lifecycle, Wills);
        Detachment = new SessionDetachment(Sessions, Lifecycle, Drops);
        Subscriptions = new SubscriptionChanges(Sessions, options.MaxSubscriptionsPerSession);
        Presets = new SessionPresets(Sessions, Lifecycle, Subscriptions);
        Intake = new QueueIntake(Sessions, Ended, Producers, Drops);
        Pages = new QueuePages(Sessions, Drops);
        Progress = new DeliveryProgress(Sessions, Ended, Reporters);
        Moves = new MovedMessages(Sessions);
    }

    public SessionRecords Sessions { get; }

    public SessionLifecycle Lifecycle { get; }

    /// <summary>CONNECT, and sessions that gateways hold after the shard moved.</summary>
    public SessionAttachment Attachment { get; }

    /// <summary>The ends of connections.</summary>
    public SessionDetachment Detachment { get; }

    /// <summary>SUBSCRIBE and UNSUBSCRIBE.</summary>
    public SubscriptionChanges Subscriptions { get; }

    /// <summary>Sessions that are made before their client connects.</summary>
    public SessionPresets Presets { get; }

    /// <summary>Messages that go into the queues.</summary>
    public QueueIntake Intake { get; }

    /// <summary>What connections read from their queues.</summary>
    public QueuePages Pages { get; }

    /// <summary>How far deliveries have come.</summary>
    public DeliveryProgress Progress { get; }

    /// <summary>Messages that compaction moves in the write-ahead log.</summary>
    public MovedMessages Moves { get; }

    /// <summary>What ended sessions leave to share groups.</summary>
    public EndedQueues Ended { get; }

    public DueWills Wills { get; }

    public InterestTable Interest { get; } = new();

    public OwnerIndex Owners { get; } = new();

    /// <summary>The last batch of messages of each gateway.</summary>
    public LastBatches<QueueReply> Producers { get; } = new(QueueIntake.NoneDropped);

    /// <summary>The last numbered report of each gateway.</summary>
    public LastBatches<ProgressReply> Reporters { get; } = new(DeliveryProgress.Noted);

    /// <summary>The bounds of the queues, and what waits in all of them.</summary>
    public QueueBounds Queues { get; }

    public QueueDrops Drops { get; } = new();

    public int Count => Sessions.Count;

    public long Replayed { get; private set; }

    /// <summary>Roughly the bytes of a snapshot, without those of the messages.</summary>
    public long Cost => (512L * Sessions.Count) + (24 * Queues.TotalMessages);

    public (long State, long Messages) SnapshotCost => (Cost, Queues.TotalBytes);

    public void FireDue(long now) => Lifecycle.FireDue(now);

    public void Measure(ShardGauge gauge)
    {
        gauge.Sessions = Sessions.Count;
        gauge.Messages = Queues.TotalMessages;
        gauge.Bytes = Queues.TotalBytes;
        gauge.DueWills = Wills.Count;
    }

    public SessionSnapshot Snapshot() => new(
        Sessions.LastEpoch, [.. Sessions.Journaled()], [.. Wills.Snapshot()], Producers.Snapshot(), Reporters.Snapshot());

    public void Restore(SessionSnapshot snapshot)
    {
        Sessions.ReachEpoch(snapshot.LastEpoch);
        foreach (var stored in snapshot.Records)
        {
            Lifecycle.Restore(stored.ToRecord(Queues));
        }

        foreach (var will in snapshot.Wills)
        {
            Wills.Restore(will);
        }

        Producers.Restore(snapshot.Producers);
        Reporters.Restore(snapshot.Reporters);
    }

    /// <summary>Replays a change of the journal.</summary>
    public void Apply(SessionChange change)
    {
        FireDue(change.At);
        switch (change)
        {
            case Attached attached: Attachment.Replay(attached); break;
            case Applied applied: Subscriptions.Replay(applied.Delta); break;
            case Detached detached: Detachment.Replay(detached); break;
            case Queued queued: Intake.Replay(queued); break;
            case Reported reported: Progress.Note(reported.Batch); break;
            case Reattached reattached: Attachment.Reattach(reattached.Batch); break;
            case Preset preset: Presets.Replay(preset); break;
            case GatewayLost lost: Lifecycle.Lose(lost.Gateway, lost.At); break;
            case WillsCompleted completed: Wills.Complete(completed.Ids); break;
            case WillsLeased leased: Wills.Lease(leased.Gateway, leased.At, leased.Ids); break;
            case Moved moved: Moves.Replay(moved); break;
            case Ticked: break; // what was due has just been done
            default: throw new ArgumentException($"{change.GetType().Name} is no change of a store shard.", nameof(change));
        }
        Replayed += change.Cost;
    }
}
