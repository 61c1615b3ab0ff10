using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>
/// Puts messages into the queues. Every message above QoS 0 for a session that outlives its connection goes through its queue, connected or
/// not, and stays there until its delivery is reported as done. At QoS 0 only what is queued while the session is detached waits; what comes
/// from a gateway that has not heard of the new connection yet is dropped and counted.
/// </summary>
internal sealed class QueueIntake(SessionRecords records, EndedQueues ended, LastBatches<QueueReply> producers, QueueDrops drops)
{
    /// <summary>The reply to a batch that was queued before and dropped nothing: almost every batch, so they share one.</summary>
    public static readonly QueueReply NoneDropped = new(SessionResult.Ok, 0);

    /// <summary>Queues a batch that <see cref="StoreShardState.Producers"/> lets through.</summary>
    public QueueOutcome Enqueue(QueueBatch batch, long now)
    {
        var queued = new QueuedBatch(batch, now);
        foreach (var entry in batch.Entries)
        {
            Enqueue(entry, queued);
        }

        var outcome = queued.End();
        Remember(outcome.Change);
        drops.Count(QueueDropReason.QueueFull, outcome.Change.Count);
        return outcome;
    }

    public void Replay(Queued change)
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
                if (records.TryFind(target.Key, out var record) && target.Number > record.LastNumber)
                {
                    Enqueue(record, message, target);
                }
            }
        }
        foreach (var (key, number) in change.Dropped)
        {
            TryRemove(key, number);
        }

        Remember(change);
    }

    private void Remember(Queued change) => producers.Remember(
        change.Producer, change.Sequence, change.Count == 0 ? NoneDropped : new QueueReply(SessionResult.Ok, change.Count));

    private void Enqueue(QueueEntry entry, QueuedBatch queued)
    {
        if (entry.Origin is { } origin && records.IsJournaled(origin.Key))
        {
            if (!TryNote(origin))
            {
                queued.Skip(entry); // PUBLISH sent again: it is on its way already [MQTT-4.3.3-10]
                return;
            }
            queued.Origins.Add(origin);
        }
        if (entry.Source is { } source && !MayLeave(source, entry.Targets))
        {
            queued.Skip(entry);
            return;
        }

        queued.Begin(entry);
        foreach (var target in entry.Targets)
        {
            Enqueue(entry, target, queued);
        }

        if (entry.Source is { } left && TryRemove(left.Key, left.Number))
        {
            queued.Left.Add(new QueuePlace(left.Key, left.Number));
        }
    }

    /// <summary>Whether the message is still there, and its one target is not over: then it would stay for another.</summary>
    private bool MayLeave(QueueSource source, QueueTarget[] targets) =>
        records.TryFind(source.Key, out var from) && from.HasQueue && from.Queue.Contains(source.Number)
        && Array.TrueForAll(targets, target => records.TryFind(target.Key, out var record) && !record.HasReplaced(target.Epoch));

    private bool TryRemove(string key, long number)
    {
        if (!records.TryFind(key, out var record) || !record.HasQueue || record.Queue.Remove(number, number) == 0)
        {
            return false;
        }

        ended.EndIfEmpty(record);
        return true;
    }

    private void Enqueue(QueueEntry entry, QueueTarget target, QueuedBatch queued)
    {
        var number = 0L;
        if (!records.TryFind(target.Key, out var record) || record.HasReplaced(target.Epoch))
        {
            drops.Count(QueueDropReason.NoSession, 1);
        }
        else if (record.IsAttached && target.Qos == 0)
        {
            drops.Count(QueueDropReason.Attached, 1);
        }
        else if (entry.ExpiresAt != 0 && entry.ExpiresAt <= queued.Now)
        {
            drops.Count(QueueDropReason.Expired, 1); // [MQTT-3.3.2-5]
        }
        else if (!record.Queue.CanFit(QueueItem.Overhead + entry.Message.Length))
        {
            queued.Refused++;
        }
        else
        {
            number = Enqueue(record, target, queued);
        }

        queued.Numbers.Add(number);
    }

    private static long Enqueue(SessionRecord record, QueueTarget target, QueuedBatch queued)
    {
        var place = new QueuedTarget(
            target.Key, record.LastNumber + 1, target.Qos, target.Retain, target.SubscriptionIdentifiers, target.Share);
        Enqueue(record, queued.Message, place);
        queued.Targets.Add(place);
        queued.Message.IsShared = queued.Targets.Count > 1;
        queued.Dropped.AddRange(record.Queue.Trim().Select(dropped => new QueuePlace(record.Key, dropped)));
        if (record is { IsAttached: true, Owner: { } owner } && owner.Gateway != queued.Batch.Producer)
        {
            queued.Unread.Add((owner.Gateway, record.Key));
        }

        return place.Number;
    }

    private static void Enqueue(SessionRecord record, MessageRef message, in QueuedTarget target)
    {
        record.LastNumber = target.Number;
        record.Queue.Enqueue(
            new QueueItem(target.Number, message, target.Qos, target.Retain, target.SubscriptionIdentifiers, Share: ShareOf(record, target.Share)));
    }

    /// <summary>The text that the session's subscription has already: a copy for each message would be most of what it costs.</summary>
    private static string? ShareOf(SessionRecord record, string? share) => share is null ? null : record.Subscriptions.Shared(share);

    /// <summary>Notes a QoS 2 publication; false if its identifier is in use already, by the same publication.</summary>
    private bool TryNote(MessageOrigin origin) =>
        records.TryFind(origin.Key, out var record) && (record.InboundQos2 ??= []).Add(origin.PacketId);
}
