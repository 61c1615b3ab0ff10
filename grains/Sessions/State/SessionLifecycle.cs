using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>
/// The states that a session goes through, and what time alone does to it.
/// <code>
///            Attach                         Detach, gateway lost (expiry &gt; 0)
///   (none) ─────────▶ attached ──────────────────────────────────▶ detached ──▶ will due after its delay
///      ▲                │  ▲  │ Attach: takeover, higher epoch        │   │
///      │                │  └──┘                            Attach     │   │ Session Expiry Interval passes,
///      └────────────────┘  ◀──────────────────────────────────────────┘   │ clean start: ends, a pending will is due now
///      ▲  Detach, gateway lost (expiry 0): ends, a will is due now        │
///      └──────────────────────────────────────────────────────────────────┘
/// </code>
/// </summary>
internal sealed class SessionLifecycle(SessionRecords records, OwnerIndex owners, InterestTable interest, DueWills wills, EndedQueues ended)
{
    private readonly DueTimeHeap<SessionRecord> _due = new((record, dueAt) => record.DueAt == dueAt);

    /// <summary>When time alone changes something next, in Unix milliseconds; <see cref="long.MaxValue"/> if never.</summary>
    public long NextDue => Math.Min(_due.NextDue, wills.NextLapse);

    /// <summary>Does what time alone does: makes wills due, ends sessions, takes back wills that were leased and not published.</summary>
    public void FireDue(long now)
    {
        while (_due.TryDequeue(now, out var record))
        {
            if (record.WillDueAt <= now)
            {
                FireWill(record);
            }

            if (record.ExpiresAt <= now)
            {
                End(record);
            }
            else
            {
                Schedule(record);
            }
        }
        wills.Lapse(now);
    }

    /// <summary>Gives a session to a connection. The caller has released it from the one before.</summary>
    /// <param name="record">The session.</param>
    /// <param name="owner">The connection.</param>
    /// <param name="opened">The reply to its CONNECT, without the state; null if it had another.</param>
    public void Attach(SessionRecord record, SessionOwner owner, OpenReply? opened)
    {
        // under the epoch that was announced: the owner's gateway may have the session detached again when it hears of this
        var announced = record.Epoch;
        record.Grant(owner, opened);
        owners.Add(owner.Gateway, record);
        interest.End(record.Key, announced);
        records.ReachEpoch(owner.Epoch);
    }

    /// <summary>Takes a session from its connection, if it has one, and stops its timers, for the next connection.</summary>
    public void Release(SessionRecord record)
    {
        if (record is { IsAttached: true, Owner: { } owner })
        {
            owners.Remove(owner.Gateway, record);
        }

        StopTimers(record);
    }

    /// <summary>The session's connection has ended: the session ends with it, or waits for the next one.</summary>
    public void Detach(SessionRecord record, long now)
    {
        record.IsAttached = false;
        if (record.Owner is { } owner)
        {
            owners.Remove(owner.Gateway, record);
        }

        if (record.ExpirySeconds == 0)
        {
            End(record);
        }
        else
        {
            StartTimers(record, now);
        }
    }

    /// <summary>The gateway is gone: its connections ended now, and the wills that it was to publish are for others.</summary>
    public void Lose(GatewayRef gateway, long now)
    {
        foreach (var record in owners.RemoveAll(gateway))
        {
            record.IsOrphaned = true;
            Detach(record, now);
        }
        wills.ReleaseAll(gateway);
    }

    /// <summary>Starts the timers of a session without a connection, and announces its subscriptions.</summary>
    public void StartTimers(SessionRecord record, long now)
    {
        var lifetime = record.ExpirySeconds * 1000L;
        record.ExpiresAt = record.ExpirySeconds == uint.MaxValue ? long.MaxValue : now + lifetime;
        // the will waits for its delay or for the session's end, whichever comes first [MQTT-3.1.2-8], MQTT 5 §3.1.3.2.2
        record.WillDueAt = record.Will is { } will ? now + Math.Min(will.DelaySeconds * 1000L, lifetime) : long.MaxValue;
        if (record.WillDueAt <= now)
        {
            FireWill(record);
        }

        Schedule(record);
        Announce(record);
    }

    public void StopTimers(SessionRecord record)
    {
        if (record.DueAt == long.MaxValue)
        {
            return;
        }

        record.WillDueAt = long.MaxValue;
        record.ExpiresAt = long.MaxValue;
        _due.Abandon();
    }

    /// <summary>Lets a detached session live at least so many seconds from now, and announces its subscriptions.</summary>
    public void Prolong(SessionRecord record, uint expirySeconds, long now)
    {
        var willDueAt = record.WillDueAt;
        var endsAt = expirySeconds == uint.MaxValue ? long.MaxValue : now + (expirySeconds * 1000L);
        var expiresAt = Math.Max(record.ExpiresAt, endsAt);
        StopTimers(record);
        record.ExpirySeconds = Math.Max(record.ExpirySeconds, expirySeconds);
        record.ExpiresAt = expiresAt;
        record.WillDueAt = willDueAt;
        Schedule(record);
        Announce(record);
    }

    /// <summary>Ends a session that its will does not outlive: the caller has decided about the will.</summary>
    public void Forget(SessionRecord record)
    {
        if (record.IsAttached && record.Owner is { } owner)
        {
            owners.Remove(owner.Gateway, record);
        }

        record.IsAttached = false;
        record.WillDueAt = long.MaxValue;
        record.ExpiresAt = long.MaxValue;
        ended.TakeFrom(record);
        if (record.HasQueue)
        {
            record.Queue.Clear();
        }

        records.Remove(record);
        interest.End(record.Key, record.Epoch);
    }

    /// <summary>Adds a session of a snapshot.</summary>
    public void Restore(SessionRecord record)
    {
        records.Restore(record);
        ended.Restore(record);
        if (record.IsAttached && record.Owner is { } owner)
        {
            owners.Add(owner.Gateway, record);
        }
        else
        {
            Announce(record);
        }

        Schedule(record);
    }

    /// <summary>Ends a session: a will that still waits is due. [MQTT-3.1.2-8]</summary>
    private void End(SessionRecord record)
    {
        FireWill(record);
        Forget(record);
    }

    private void FireWill(SessionRecord record)
    {
        if (record.Will is { } will)
        {
            wills.Add(new DueWill((long)record.Epoch, record.Key, will.Message));
        }

        record.Will = null;
        record.WillDueAt = long.MaxValue;
    }

    private void Schedule(SessionRecord record)
    {
        if (record.DueAt != long.MaxValue)
        {
            _due.Add(record, record.DueAt);
        }
    }

    private void Announce(SessionRecord record)
    {
        if (record.Subscriptions.Count > 0)
        {
            interest.Set(record.Key, record.Epoch, record.Subscriptions.ToArray());
        }
    }
}
