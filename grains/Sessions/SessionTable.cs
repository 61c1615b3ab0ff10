using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// The sessions of one store shard and every transition of their state. A deterministic function of its inputs and their times: it
/// reads no clock, so that replaying the journal gives the same table.
/// <code>
///            Attach                         Detach, gateway lost (expiry &gt; 0)
///   (none) ─────────▶ attached ──────────────────────────────────▶ detached ──▶ will due after its delay
///      ▲                │  ▲  │ Attach: takeover, higher epoch        │   │
///      │                │  └──┘                            Attach     │   │ Session Expiry Interval passes,
///      └────────────────┘  ◀──────────────────────────────────────────┘   │ clean start: ends, a pending will is due now
///      ▲  Detach, gateway lost (expiry 0): ends, a will is due now        │
///      └──────────────────────────────────────────────────────────────────┘
/// </code>
/// Every message above QoS 0 for a session that outlives its connection goes through its queue, connected or not, and stays there until
/// its delivery was reported as done. At QoS 0 only what is queued while the session is detached waits; what comes from a gateway that had
/// not heard of the new connection yet is dropped and counted.
/// </summary>
internal sealed partial class SessionTable : IShardState<SessionSnapshot, SessionChange>
{
    private readonly GrainOptions _options;
    private readonly long _maxSessions;
    private readonly Dictionary<string, SessionRecord> _records = [];
    private readonly DueTimeHeap<SessionRecord> _due = new((record, dueAt) => record.DueAt == dueAt);
    private ulong _lastEpoch;

    public SessionTable(GrainOptions options)
    {
        _options = options;
        _maxSessions = Math.Max(1, options.MaxSessions / options.StoreShards);
        Work = new WorkQueue((long)options.WorkLease.TotalMilliseconds);
        Queued = new QueueBounds(options.OfflineQueueMaxMessages, options.OfflineQueueMaxBytes, options.QueuedBytesPerShard);
    }

    public InterestLog Interest { get; } = new();

    public WorkQueue Work { get; }

    public ProducerSequences Producers { get; } = new();

    /// <summary>The last numbered report of each gateway.</summary>
    public ProducerSequences Reporters { get; } = new();

    public OwnerIndex Owners { get; } = new();

    /// <summary>The bounds of the offline queues, and what waits in all of them.</summary>
    public QueueBounds Queued { get; }

    public int Count => _records.Count;

    /// <summary>Told of every message that reaches nobody, with the reason; null while a journal is replayed.</summary>
    public Action<DropReason, int>? Dropped { get; set; }

    /// <summary>When time alone changes something next, in Unix milliseconds.</summary>
    public long NextDue => Math.Min(_due.NextDue, Work.NextLapse);

    /// <summary>Roughly the bytes of a snapshot, without those of the messages.</summary>
    public long Cost => (512L * _records.Count) + (24 * Queued.TotalMessages);

    /// <summary>Cost of the changes that were replayed.</summary>
    public long Replayed { get; private set; }

    public void Apply(SessionChange change)
    {
        change.Replay(this);
        Replayed += change.Cost;
    }

    public SessionSnapshot Snapshot() => new(
        _lastEpoch, [.. Journaled()], [.. Work.Snapshot()], Producers.Snapshot(), Reporters.Snapshot());

    /// <summary>The sessions that a snapshot has, one after the other; nothing may change meanwhile.</summary>
    public IEnumerable<SessionRecordSnapshot> Journaled() =>
        _records.Values.Where(record => record.IsJournaled).Select(SessionRecordSnapshot.Of);

    /// <summary>
    /// Epochs go on above the shard's: sessions that were not journaled had higher ones than the journal tells, and two activations can
    /// fall into one millisecond.
    /// </summary>
    public void RaiseEpochs(long shardEpoch) => _lastEpoch = Math.Max(_lastEpoch, (ulong)shardEpoch << 16);

    /// <summary>Above every epoch of the shard, and above those of a shard whose memory was lost: the clock leads, 16 bits count.</summary>
    public ulong NextEpoch(long now) => Math.Max(_lastEpoch + 1, (ulong)now << 16);

    public bool Exists(string key) => _records.ContainsKey(key);

    public bool IsJournaled(string key) => _records.TryGetValue(key, out var record) && record.IsJournaled;

    public SessionInfo Info(string key)
    {
        if (!_records.TryGetValue(key, out var record))
        {
            return new SessionInfo(false, 0, null, 0, [], 0, false);
        }

        var queued = record.HasQueue ? record.Queue.Count : 0;
        return new SessionInfo(
            true, record.Epoch, record.IsAttached ? record.Owner : null, record.ExpirySeconds, record.Subscriptions.ToArray(),
            queued, !record.IsAttached && record.Will is not null);
    }

    /// <summary>Does what time alone does: makes wills due, ends sessions, takes back work that was not completed.</summary>
    public void FireDue(long now)
    {
        while (_due.TryTake(now, out var record))
        {
            if (record.WillDueAt <= now)
            {
                FireWill(record);
            }

            if (record.ExpiresAt <= now)
            {
                End(record);
            }
            else if (record.DueAt != long.MaxValue)
            {
                _due.Add(record, record.DueAt);
            }
        }
        Work.Lapse(now);
    }

    /// <summary>The gateway is gone: its connections ended now.</summary>
    public void Lose(GatewayRef gateway, long now)
    {
        foreach (var record in Owners.Take(gateway))
        {
            record.IsOrphaned = true;
            Disconnect(record, now);
        }
        Work.ReleaseAll(gateway);
    }

    private void Disconnect(SessionRecord record, long now)
    {
        record.IsAttached = false;
        if (record.Owner is { } owner)
        {
            Owners.Remove(owner.Gateway, record);
        }

        if (record.ExpirySeconds == 0)
        {
            End(record);
        }
        else
        {
            Arm(record, now);
        }
    }

    private void Arm(SessionRecord record, long now)
    {
        var lifetime = record.ExpirySeconds * 1000L;
        record.ExpiresAt = record.ExpirySeconds == uint.MaxValue ? long.MaxValue : now + lifetime;
        // the will waits for its delay or for the session's end, whichever comes first [MQTT-3.1.2-8], MQTT 5 §3.1.3.2.2
        record.WillDueAt = record.Will is { } will ? now + Math.Min(will.DelaySeconds * 1000L, lifetime) : long.MaxValue;
        if (record.WillDueAt <= now)
        {
            FireWill(record);
        }

        if (record.DueAt != long.MaxValue)
        {
            _due.Add(record, record.DueAt);
        }

        Announce(record);
    }

    private void Disarm(SessionRecord record)
    {
        if (record.DueAt == long.MaxValue)
        {
            return;
        }

        record.WillDueAt = long.MaxValue;
        record.ExpiresAt = long.MaxValue;
        _due.Abandon();
    }

    private void Announce(SessionRecord record)
    {
        if (record.Subscriptions.Count > 0)
        {
            Interest.Set(record.Key, record.Epoch, record.Subscriptions.ToArray());
        }
    }

    private void FireWill(SessionRecord record)
    {
        if (record.Will is { } will)
        {
            Work.Add(new DueWill((long)record.Epoch, record.Key, will.Message));
        }

        record.Will = null;
        record.WillDueAt = long.MaxValue;
    }

    /// <summary>The session is over: a will that still waits is due. [MQTT-3.1.2-8]</summary>
    private void End(SessionRecord record)
    {
        FireWill(record);
        Forget(record);
    }

    private void Forget(SessionRecord record)
    {
        if (record.IsAttached && record.Owner is { } owner)
        {
            Owners.Remove(owner.Gateway, record);
        }

        record.IsAttached = false;
        record.WillDueAt = long.MaxValue;
        record.ExpiresAt = long.MaxValue;
        if (record.HasQueue)
        {
            record.Queue.Clear();
        }

        _records.Remove(record.Key);
        Interest.End(record.Key, record.Epoch);
    }

    private SessionRecord Create(string key, ulong epoch, uint expirySeconds)
    {
        var record = new SessionRecord(key, epoch, expirySeconds, Queued) { Since = epoch };
        _records[key] = record;
        _lastEpoch = Math.Max(_lastEpoch, epoch);
        return record;
    }

    private void CountDropped(DropReason reason, int messages)
    {
        if (messages > 0)
        {
            Dropped?.Invoke(reason, messages);
        }
    }

    public void Restore(SessionSnapshot snapshot)
    {
        _lastEpoch = snapshot.LastEpoch;
        foreach (var stored in snapshot.Records)
        {
            var record = stored.ToRecord(Queued);
            _records.Add(record.Key, record);
            if (record.IsAttached && record.Owner is { } owner)
            {
                Owners.Add(owner.Gateway, record);
            }
            else
            {
                Announce(record);
            }

            if (record.DueAt != long.MaxValue)
            {
                _due.Add(record, record.DueAt);
            }
        }
        foreach (var work in snapshot.Work)
        {
            Work.Restore(work);
        }

        Producers.Restore(snapshot.Producers);
        Reporters.Restore(snapshot.Reporters);
    }
}
