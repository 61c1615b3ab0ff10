using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// How the parts of the state stand in the records of an export: without what only the broker that wrote it can use (epochs, connections,
/// places in its logs).
/// </summary>
internal static class ExportFields
{
    private const byte IsInline = 64;

    /// <param name="to">The record.</param>
    /// <param name="session">What is written.</param>
    /// <param name="numberOf">The number in the export of a message that stands in a log.</param>
    public static void Session(RecordWriter to, SessionRecordSnapshot session, Func<MessageRef, long> numberOf)
    {
        to.Text(session.Key);
        to.Flag(session.IsAttached);
        to.Number(session.ExpirySeconds);
        to.Maybe(session.Will, ContractFields.Will);
        to.Signed(session.WillDueAt);
        to.Signed(session.ExpiresAt);
        to.List(session.Subscriptions, ContractFields.Subscription);
        to.Signed(session.LastNumber);
        to.List(session.InboundQos2, ContractFields.PacketId);
        Queue(to, session.Front.Length, session.Front, numberOf);
        Queue(to, session.Waiting.Sum(run => run.Count), session.Waiting.SelectMany(run => run), numberOf);
    }

    /// <param name="from">The record.</param>
    /// <param name="messageOf">The message with a number; null leaves it out.</param>
    public static SessionRecordSnapshot Session(ref RecordReader from, Func<long, MessageRef?> messageOf)
    {
        var (key, isAttached, expiry, will) = (from.Text(), from.Flag(), from.UInt32(), from.Maybe(ContractFields.Will));
        var (willDueAt, expiresAt, subscriptions) = (from.Signed(), from.Signed(), from.List(ContractFields.Subscription));
        var (lastNumber, inbound) = (from.Signed(), from.List(ContractFields.PacketId));
        QueueItem[] front = [.. Queue(ref from, messageOf)];
        var queue = Queue(ref from, messageOf);
        var waiting = new QueueRunBuilder(queue.Count);
        foreach (var item in queue)
        {
            waiting.Add(item);
        }

        from.End();
        return new SessionRecordSnapshot(
            key, 0, null, default, isAttached, false, expiry, will, willDueAt, expiresAt, subscriptions, lastNumber, front, waiting.End(),
            inbound, null);
    }

    public static void Will(RecordWriter to, DueWill work)
    {
        to.Text(work.Key);
        to.Bytes(work.Message);
    }

    public static DueWill Will(ref RecordReader from, long id)
    {
        var work = new DueWill(id, from.Text(), from.Bytes());
        from.End();
        return work;
    }

    public static void Retained(RecordWriter to, string tenant, RetainEntry entry)
    {
        to.Text(tenant);
        to.Text(entry.Topic);
        to.Signed(entry.ExpiresAt);
        to.Bytes(entry.Message);
    }

    public static (string Tenant, RetainEntry Entry) Retained(ref RecordReader from)
    {
        var (tenant, topic, expiresAt) = (from.Text(), from.Text(), from.Signed());
        var entry = new RetainEntry(topic, from.Bytes(), expiresAt);
        from.End();
        return (tenant, entry);
    }

    /// <summary>Numbers of messages as the difference to those before: mostly a byte each.</summary>
    private static void Queue(RecordWriter to, int count, IEnumerable<QueueItem> items, Func<MessageRef, long> numberOf)
    {
        to.Count(count);
        var (place, number) = (default(QueueItemPlace), 0L);
        foreach (var item in items)
        {
            var inline = item.Message.Bytes;
            QueueItemHead.Write(to, item, ref place, inline is null ? (byte)0 : IsInline);
            if (inline is not null)
            {
                to.Signed(item.Message.ExpiresAt);
                to.Bytes(inline);
                continue;
            }
            var named = numberOf(item.Message);
            to.Signed(named - number);
            number = named;
        }
    }

    private static List<QueueItem> Queue(ref RecordReader from, Func<long, MessageRef?> messageOf)
    {
        var count = from.Count();
        var items = new List<QueueItem>(count);
        var (place, number) = (default(QueueItemPlace), 0L);
        for (var left = count; left > 0; left--)
        {
            var head = QueueItemHead.Read(ref from, ref place);
            if (Message(ref from, (head.Marks & IsInline) != 0, ref number, messageOf) is { } message)
            {
                items.Add(head.With(message));
            }
        }
        return items;
    }

    private static MessageRef? Message(ref RecordReader from, bool isInline, ref long number, Func<long, MessageRef?> messageOf)
    {
        if (!isInline)
        {
            return messageOf(number += from.Signed());
        }

        var expiresAt = from.Signed();
        return MessagePool.Inline(from.Bytes(), expiresAt);
    }
}
