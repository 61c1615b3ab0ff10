using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions;

/// <content>What the owner of a session reports: SUBSCRIBE, UNSUBSCRIBE, and the connection's end.</content>
internal sealed partial class SessionTable
{
    /// <summary>Changes the subscriptions of an attached session; its gateway routes to it, so nothing is announced.</summary>
    public SessionResult Apply(SessionDelta delta)
    {
        if (!_records.TryGetValue(delta.Key, out var record) || delta.Epoch > record.Epoch)
        {
            return SessionResult.NotFound;
        }

        if (delta.Epoch < record.Epoch || !record.IsAttached)
        {
            return SessionResult.Fenced;
        }

        foreach (var filter in delta.Removed)
        {
            record.Subscriptions.Remove(filter);
        }

        return TryAdd(record, delta.Added) ? SessionResult.Ok : SessionResult.Quota;
    }

    /// <summary>Whether the session has all that would be added, and nothing would be removed.</summary>
    public bool Has(SessionDelta delta) => delta.Removed.Length == 0
        && _records.TryGetValue(delta.Key, out var record) && delta.Added.All(record.Subscriptions.Has);

    /// <summary>The connection ended, or (again) one that was believed lost did.</summary>
    /// <param name="key">Of the session.</param>
    /// <param name="epoch">Of the connection.</param>
    /// <param name="request">What it left.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="done">What has changed; null when nothing has.</param>
    public SessionResult Detach(string key, ulong epoch, CloseRequest request, long now, out Detachment? done)
    {
        done = null;
        if (!_records.TryGetValue(key, out var record) || epoch > record.Epoch)
        {
            return SessionResult.NotFound;
        }

        if (epoch < record.Epoch)
        {
            return SessionResult.Fenced;
        }

        if (!record.IsAttached && !record.IsOrphaned)
        {
            return SessionResult.Ok; // a repeated call
        }

        done = Detach(record, request, now);
        return SessionResult.Ok;
    }

    internal void Replay(Detached change)
    {
        if (!_records.TryGetValue(change.Key, out var record) || record.Epoch != change.Epoch)
        {
            return; // only after a damage
        }

        Detach(record, change, []);
        foreach (var number in change.Dropped)
        {
            record.Queue.Remove(number, number);
        }

        Disconnect(record, change.At);
    }

    private Detachment Detach(SessionRecord record, CloseRequest request, long now)
    {
        // a session that ends with its connection cannot be prolonged by DISCONNECT, MQTT 5 §3.14.2.2.2
        var expiry = record.ExpirySeconds == 0 ? 0 : request.ExpirySeconds;
        var pending = expiry == 0 ? [] : request.Pending;
        var number = record.LastNumber;
        var change = new Detached(
            now, record.Key, record.Epoch, expiry, request.Will, request.Done ?? [],
            [.. pending.Where(message => message.Sequence > 0 && message.Stage != PendingStage.Queued)
                .Select(message => new StartedDelivery(message.Sequence, message.PacketId, message.Stage))],
            [.. pending.Where(message => message.Sequence == 0).Select(message => Handed(message, ++number))],
            [.. request.InboundQos2, .. (request.UncertainQos2 ?? []).Where(id => record.InboundQos2?.Contains(id) == true)], []);
        var messages = new List<StoredMessage>();
        Detach(record, change, messages);
        long[] dropped = expiry > 0 && record.HasQueue ? [.. record.Queue.Trim()] : [];
        CountDropped(DropReason.QueueFull, dropped.Length);
        Disconnect(record, now);
        return new Detachment(change with { Dropped = dropped }, [.. messages]);
    }

    private void Detach(SessionRecord record, Detached change, List<StoredMessage> messages)
    {
        Disarm(record);
        record.IsOrphaned = false;
        record.ExpirySeconds = change.ExpirySeconds;
        if (change.Will == WillAction.Discard)
        {
            record.Will = null;
        }

        record.Opened = null;
        record.InboundQos2 = change.InboundQos2.Length == 0 ? null : [.. change.InboundQos2];
        Finish(record, change.Done);
        foreach (var begun in change.Begun)
        {
            if (record.HasQueue)
            {
                record.Queue.Begin(begun.Sequence, begun.PacketId, begun.Stage);
            }
        }

        foreach (var handed in change.Handed)
        {
            Hand(record, handed, messages);
        }
    }

    private static HandedMessage Handed(PendingMessage message, long number) => new(
        new MessageBody(message.Message, message.Message.Length, message.ExpiresAt), number, message.Qos, message.Retain,
        message.SubscriptionIdentifiers, message.Stage, message.PacketId);

    private static void Hand(SessionRecord record, HandedMessage handed, List<StoredMessage> messages)
    {
        var message = new StoredMessage(handed.Body);
        messages.Add(message);
        record.LastNumber = Math.Max(record.LastNumber, handed.Number);
        record.Queue.Hand(new QueueItem(
            handed.Number, message, handed.Qos, handed.Retain, handed.SubscriptionIdentifiers, handed.Stage, handed.PacketId));
    }

    private bool TryAdd(SessionRecord record, SubscriptionRecord[] added)
    {
        var known = added.Count(subscription => record.Subscriptions.Contains(subscription.Filter));
        if (record.Subscriptions.Count + added.Length - known > _options.MaxSubscriptionsPerSession)
        {
            return false;
        }

        foreach (var subscription in added)
        {
            record.Subscriptions.Add(subscription);
        }

        return true;
    }
}

/// <param name="Change">For the journal.</param>
/// <param name="Messages">Those that it brings to the journal, in order.</param>
internal sealed record Detachment(Detached Change, StoredMessage[] Messages);
