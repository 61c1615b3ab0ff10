using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <content>Sessions without a connection: messages that wait, and sessions made before their device.</content>
internal sealed partial class SessionTable
{
    /// <summary>Takes a batch that <see cref="Producers"/> lets through.</summary>
    public QueueOutcome Queue(QueueBatch batch, long now)
    {
        var queuing = new Queuing(batch, now);
        foreach (var entry in batch.Entries)
        {
            Queue(entry, queuing);
        }

        var outcome = queuing.End();
        Producers.Taken(batch.Producer, batch.Sequence, outcome.Change.Count);
        CountDropped(DropReason.QueueFull, outcome.Change.Count);
        return outcome;
    }

    internal void Replay(Queued change)
    {
        foreach (var origin in change.Origins)
        {
            TryNote(origin);
        }

        foreach (var (body, targets) in change.Messages)
        {
            var message = MessageRef.Stored(body, isShared: targets.Length > 1);
            foreach (var target in targets)
            {
                if (_records.TryGetValue(target.Key, out var record) && target.Number > record.LastNumber)
                {
                    Enqueue(record, message, target);
                }
            }
        }
        foreach (var (key, number) in change.Dropped)
        {
            if (_records.TryGetValue(key, out var record) && record.HasQueue)
            {
                record.Queue.Remove(number, number);
            }
        }

        Producers.Taken(change.Producer, change.Sequence, change.Count);
    }

    /// <summary>Creates a detached session or adds to one; the epoch, from <see cref="NextEpoch"/>, is for a new one.</summary>
    public SessionResult Preset(string key, PresetRequest request, ulong epoch, long now)
    {
        var record = _records.GetValueOrDefault(key);
        if (record is { IsAttached: true, ExpirySeconds: 0 })
        {
            return SessionResult.Busy; // it would end with its connection
        }

        if (record is null && _records.Count >= _maxSessions)
        {
            return SessionResult.Quota;
        }

        var isTooMany = request.Subscriptions.Length > _options.MaxSubscriptionsPerSession;
        if (isTooMany || (record is not null && !TryAdd(record, request.Subscriptions)))
        {
            return SessionResult.Quota;
        }

        var expiry = request.ExpirySeconds == 0 ? uint.MaxValue : request.ExpirySeconds;
        if (record is null)
        {
            CreateDetached(key, request.Subscriptions, epoch, expiry, now);
        }
        else if (!record.IsAttached)
        {
            Prolong(record, expiry, now);
        }

        return SessionResult.Ok;
    }

    private void Queue(QueueEntry entry, Queuing queuing)
    {
        if (entry.Origin is { } origin && _records.TryGetValue(origin.Key, out var publisher) && publisher.IsJournaled)
        {
            if (!TryNote(origin))
            {
                queuing.Skip(entry); // PUBLISH sent again: it is on its way already [MQTT-4.3.3-10]
                return;
            }
            queuing.Origins.Add(origin);
        }
        queuing.Begin(entry);
        foreach (var target in entry.Targets)
        {
            Queue(entry, target, queuing);
        }
    }

    private void Queue(QueueEntry entry, QueueTarget target, Queuing queuing)
    {
        var number = 0L;
        if (!_records.TryGetValue(target.Key, out var record) || record.HasReplaced(target.Epoch))
        {
            CountDropped(DropReason.NoSession, 1);
        }
        else if (record.IsAttached && target.Qos == 0)
        {
            CountDropped(DropReason.Attached, 1);
        }
        else if (entry.ExpiresAt != 0 && entry.ExpiresAt <= queuing.Now)
        {
            CountDropped(DropReason.Expired, 1); // [MQTT-3.3.2-5]
        }
        else if (!record.Queue.CanFit(QueueItem.Overhead + entry.Message.Length))
        {
            queuing.Refused++;
        }
        else
        {
            number = Enqueue(record, target, queuing);
        }

        queuing.Numbers.Add(number);
    }

    private static long Enqueue(SessionRecord record, QueueTarget target, Queuing queuing)
    {
        var queued = new QueuedTarget(
            target.Key, record.LastNumber + 1, target.Qos, target.Retain, target.SubscriptionIdentifiers);
        Enqueue(record, queuing.Message, queued);
        queuing.Targets.Add(queued);
        queuing.Message.IsShared = queuing.Targets.Count > 1;
        queuing.Dropped.AddRange(record.Queue.Trim().Select(dropped => new QueuePlace(record.Key, dropped)));
        if (record is { IsAttached: true, Owner: { } owner } && owner.Gateway != queuing.Batch.Producer)
        {
            queuing.Behind.Add((owner.Gateway, record.Key));
        }

        return queued.Number;
    }

    private static void Enqueue(SessionRecord record, MessageRef message, in QueuedTarget target)
    {
        record.LastNumber = target.Number;
        record.Queue.Enqueue(new QueueItem(target.Number, message, target.Qos, target.Retain, target.SubscriptionIdentifiers));
    }

    /// <summary>False: the identifier is in use already, by the same publication.</summary>
    private bool TryNote(MessageOrigin origin) =>
        _records.TryGetValue(origin.Key, out var record) && (record.InboundQos2 ??= []).Add(origin.PacketId);

    private void CreateDetached(string key, SubscriptionRecord[] subscriptions, ulong epoch, uint expirySeconds, long now)
    {
        var record = Create(key, epoch, expirySeconds);
        record.IsJournaled = true;
        foreach (var subscription in subscriptions)
        {
            record.Subscriptions.Add(subscription);
        }

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
        {
            _due.Add(record, record.DueAt);
        }

        Announce(record);
    }
}
