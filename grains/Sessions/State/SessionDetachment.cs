using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>The end of a connection: its session takes over what the connection leaves.</summary>
internal sealed class SessionDetachment(SessionRecords records, SessionLifecycle lifecycle, QueueDrops drops)
{
    /// <summary>Ends a connection, or (again) one that was taken for lost.</summary>
    /// <param name="key">The session's key.</param>
    /// <param name="epoch">The connection's epoch.</param>
    /// <param name="request">What the connection leaves.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="done">What has changed; null if nothing has.</param>
    public SessionResult Detach(string key, ulong epoch, CloseRequest request, long now, out DetachOutcome? done)
    {
        done = null;
        if (!records.TryFind(key, out var record) || epoch > record.Epoch)
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

    public void Replay(Detached change)
    {
        if (!records.TryFind(change.Key, out var record) || record.Epoch != change.Epoch)
        {
            return; // only after a damage
        }

        TakeOver(record, change, []);
        foreach (var number in change.Dropped)
        {
            record.Queue.Remove(number, number);
        }

        lifecycle.Detach(record, change.At);
    }

    private DetachOutcome Detach(SessionRecord record, CloseRequest request, long now)
    {
        var change = ChangeOf(record, request, now);
        var messages = new List<StoredMessage>();
        TakeOver(record, change, messages);
        long[] dropped = change.ExpirySeconds > 0 && record.HasQueue ? [.. record.Queue.Trim()] : [];
        drops.Count(QueueDropReason.QueueFull, dropped.Length);
        lifecycle.Detach(record, now);
        return new DetachOutcome(change with { Dropped = dropped }, [.. messages]);
    }

    private static Detached ChangeOf(SessionRecord record, CloseRequest request, long now)
    {
        // a session that ends with its connection cannot be prolonged by DISCONNECT, MQTT 5 §3.14.2.2.2
        var expiry = record.ExpirySeconds == 0 ? 0 : request.ExpirySeconds;
        var pending = expiry == 0 ? [] : request.Pending;
        var number = record.LastNumber;
        return new Detached(
            now, record.Key, record.Epoch, expiry, request.Will, request.Done ?? [],
            [.. pending.Where(message => message.Sequence > 0 && message.Stage != PendingStage.Queued)
                .Select(message => new StartedDelivery(message.Sequence, message.PacketId, message.Stage))],
            [.. pending.Where(message => message.Sequence == 0).Select(message => Handed(message, ++number))],
            [.. request.InboundQos2, .. (request.UncertainQos2 ?? []).Where(id => record.InboundQos2?.Contains(id) == true)], []);
    }

    private void TakeOver(SessionRecord record, Detached change, List<StoredMessage> messages)
    {
        lifecycle.StopTimers(record);
        record.IsOrphaned = false;
        record.ExpirySeconds = change.ExpirySeconds;
        if (change.Will == WillAction.Discard)
        {
            record.Will = null;
        }

        record.Opened = null;
        record.InboundQos2 = change.InboundQos2.Length == 0 ? null : [.. change.InboundQos2];
        record.FinishDeliveries(change.Done);
        record.BeginDeliveries(change.Begun);
        foreach (var handed in change.Handed)
        {
            messages.Add(Hand(record, handed));
        }
    }

    private static HandedMessage Handed(PendingMessage message, long number) => new(
        new MessageBody(message.Message, message.Message.Length, message.ExpiresAt), number, message.Qos, message.Retain,
        message.SubscriptionIdentifiers, message.Stage, message.PacketId);

    private static StoredMessage Hand(SessionRecord record, HandedMessage handed)
    {
        var message = new StoredMessage(handed.Body);
        record.LastNumber = Math.Max(record.LastNumber, handed.Number);
        record.Queue.Hand(new QueueItem(
            handed.Number, message, handed.Qos, handed.Retain, handed.SubscriptionIdentifiers, handed.Stage, handed.PacketId));
        return message;
    }
}
