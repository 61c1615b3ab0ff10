using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <content>Sessions without a connection: messages that wait, and sessions made before their device.</content>
internal sealed partial class SessionTable
{
    /// <summary>Takes a batch that <see cref="Producers"/> lets through; returns how many messages full queues dropped.</summary>
    public int Queue(QueueBatch batch, long now)
    {
        var dropped = 0;
        foreach (var entry in batch.Entries)
            foreach (var target in entry.Targets)
                dropped += Queue(entry, target, now);
        Producers.Taken(batch.Producer, batch.Sequence, dropped);
        CountDropped(DropReason.QueueFull, dropped);
        return dropped;
    }

    /// <summary>Creates a detached session or adds to one; the epoch, from <see cref="NextEpoch"/>, is for a new one.</summary>
    public SessionResult Preset(string key, PresetRequest request, ulong epoch, long now)
    {
        var record = _records.GetValueOrDefault(key);
        if (record is { IsAttached: true, ExpirySeconds: 0 })
            return SessionResult.Busy; // it would end with its connection
        if (record is null && _records.Count >= _maxSessions)
            return SessionResult.Quota;
        var isTooMany = request.Subscriptions.Length > _options.MaxSubscriptionsPerSession;
        if (isTooMany || (record is not null && !TryAdd(record, request.Subscriptions)))
            return SessionResult.Quota;

        var expiry = request.ExpirySeconds == 0 ? uint.MaxValue : request.ExpirySeconds;
        if (record is null)
            CreateDetached(key, request.Subscriptions, epoch, expiry, now);
        else if (!record.IsAttached)
            Prolong(record, expiry, now);
        return SessionResult.Ok;
    }

    private int Queue(QueueEntry entry, QueueTarget target, long now)
    {
        if (!_records.TryGetValue(target.Key, out var record))
            CountDropped(DropReason.NoSession, 1);
        else if (record.IsAttached && (target.Qos == 0 || record.ExpirySeconds == 0))
            CountDropped(DropReason.Attached, 1);
        else if (entry.ExpiresAt != 0 && entry.ExpiresAt <= now)
            CountDropped(DropReason.Expired, 1); // [MQTT-3.3.2-5]
        else
            return record.Queue.Enqueue(new PendingMessage(
                entry.Message, target.Qos, target.Retain, target.SubscriptionIdentifiers, entry.ExpiresAt, PendingStage.Queued, 0));
        return 0;
    }

    private void CreateDetached(string key, SubscriptionRecord[] subscriptions, ulong epoch, uint expirySeconds, long now)
    {
        var record = Create(key, epoch, expirySeconds);
        record.IsJournaled = true;
        foreach (var subscription in subscriptions)
            record.Subscriptions.Add(subscription);
        Arm(record, now);
    }

    private void Prolong(SessionRecord record, uint expirySeconds, long now)
    {
        var willDueAt = record.WillDueAt;
        var endsAt = expirySeconds == uint.MaxValue ? long.MaxValue : now + (expirySeconds * 1000L);
        var expiresAt = Math.Max(record.ExpiresAt, endsAt);
        Disarm(record);
        record.ExpirySeconds = Math.Max(record.ExpirySeconds, expirySeconds);
        record.ExpiresAt = expiresAt;
        record.WillDueAt = willDueAt;
        if (record.DueAt != long.MaxValue)
            _due.Add(record, record.DueAt);
        Announce(record);
    }
}

/// <summary>Why a message reached nobody.</summary>
internal enum DropReason
{
    /// <summary>The session's offline queue was full; the oldest message went.</summary>
    QueueFull,

    /// <summary>Its Message Expiry Interval passed while it waited.</summary>
    Expired,

    /// <summary>The session had just been attached, and the message was QoS 0 or the session ends with its connection.</summary>
    Attached,

    /// <summary>The session had ended.</summary>
    NoSession,
}
