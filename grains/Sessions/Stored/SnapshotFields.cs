using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Stored;

/// <summary>How the parts of a <see cref="SessionSnapshot"/> stand in their records.</summary>
internal static class SnapshotFields
{
    private const byte HasExpiry = 64;
    private const byte IsInline = 128;

    public static void Producer(RecordWriter to, ProducerSnapshot producer)
    {
        Fields.Gateway(to, producer.Producer);
        to.Signed(producer.Sequence);
        to.Count(producer.Dropped);
    }

    public static ProducerSnapshot Producer(ref RecordReader from) => new(Fields.Gateway(ref from), from.Signed(), from.Int32());

    public static void Work(RecordWriter to, WorkSnapshot work)
    {
        to.Signed(work.Work.Id);
        to.Text(work.Work.Key);
        to.Bytes(work.Work.Message);
        to.Maybe(work.Holder, Fields.Gateway);
        to.Signed(work.LapsesAt);
    }

    public static WorkSnapshot Work(ref RecordReader from) =>
        new(new DueWill(from.Signed(), from.Text(), from.Bytes()), from.Maybe(Fields.Gateway), from.Signed());

    public static void Session(RecordWriter to, SessionRecordSnapshot session)
    {
        to.Text(session.Key);
        to.Number(session.Epoch);
        to.Maybe(session.Owner, Fields.Owner);
        to.Number(session.Earlier.Last);
        to.Number(session.Earlier.Second);
        to.Number(session.Earlier.Third);
        to.Flag(session.IsAttached);
        to.Flag(session.IsOrphaned);
        to.Number(session.ExpirySeconds);
        to.Maybe(session.Will, Fields.Will);
        to.Signed(session.WillDueAt);
        to.Signed(session.ExpiresAt);
        to.List(session.Subscriptions, Fields.Subscription);
        to.Signed(session.LastNumber);
        to.List(session.InboundQos2, Fields.PacketId);
        to.Maybe(session.Opened, Fields.Opened);
        to.Count(session.Front.Length);
        var place = default(Place);
        foreach (var item in session.Front)
        {
            Item(to, item, ref place);
        }
    }

    /// <summary>Its part of the queue follows.</summary>
    public static void Queue(RecordWriter to, ReadOnlySpan<QueueRun> runs)
    {
        to.Count(CountOf(runs));
        var place = default(Place);
        foreach (var run in runs)
        {
            for (var index = 0; index < run.Count; index++)
            {
                Item(to, run[index], ref place);
            }
        }
    }

    public static SessionRecordSnapshot Session(ref RecordReader from, MessagePool pool)
    {
        var (key, epoch, owner) = (from.Text(), from.Number(), from.Maybe(Fields.Owner));
        var earlier = new ClaimHistory(from.Number(), from.Number(), from.Number());
        var (isAttached, isOrphaned, expiry, will) = (from.Flag(), from.Flag(), from.UInt32(), from.Maybe(Fields.Will));
        var (willDueAt, expiresAt, subscriptions) = (from.Signed(), from.Signed(), from.List(Fields.Subscription));
        var (lastNumber, inbound, opened) = (from.Signed(), from.List(Fields.PacketId), from.Maybe(Fields.Opened));
        return new SessionRecordSnapshot(
            key, epoch, owner, earlier, isAttached, isOrphaned, expiry, will, willDueAt, expiresAt, subscriptions, lastNumber,
            Front(ref from, pool), [], inbound, opened);
    }

    public static QueueRun[] Runs(ref RecordReader from, MessagePool pool)
    {
        var (left, place) = (from.Count(), default(Place));
        var runs = new QueueRunBuilder(left);
        for (; left > 0; left--)
        {
            runs.Add(Item(ref from, pool, ref place));
        }

        return runs.End();
    }

    /// <summary>Numbers and places as the difference to those before: mostly a byte or two each.</summary>
    private static void Item(RecordWriter to, in QueueItem item, ref Place place)
    {
        var message = item.Message;
        to.Byte((byte)(
            Fields.Flags(item.Qos, item.Retain, item.SubscriptionIdentifiers) | ((byte)item.Stage << 4)
            | (message.ExpiresAt != 0 ? HasExpiry : 0) | (message.Bytes is not null ? IsInline : 0)));
        to.Signed(item.Number - place.Number);
        place.Number = item.Number;
        if (item.Stage != PendingStage.Queued)
        {
            to.Number(item.PacketId);
        }

        if (item.SubscriptionIdentifiers.Length > 0)
        {
            to.List(item.SubscriptionIdentifiers, Fields.Identifier);
        }

        if (message.ExpiresAt != 0)
        {
            to.Signed(message.ExpiresAt);
        }

        if (message.Bytes is { } bytes)
        {
            to.Bytes(bytes); // committed by a snapshot, when the log took nothing; or nothing, when PUBREC has released it
            return;
        }
        to.Count(message.Length);
        to.Signed(message.Offset - place.Offset);
        place.Offset = message.Offset;
    }

    private static QueueItem[] Front(ref RecordReader from, MessagePool pool)
    {
        var items = new QueueItem[from.Count()];
        var place = default(Place);
        for (var at = 0; at < items.Length; at++)
        {
            items[at] = Item(ref from, pool, ref place);
        }

        return items;
    }

    private static QueueItem Item(ref RecordReader from, MessagePool pool, ref Place place)
    {
        var flags = from.Byte();
        var (qos, retain, hasIdentifiers) = Fields.Flags(flags);
        var stage = Fields.Stage((byte)((flags >> 4) & 3));
        place.Number += from.Signed();
        var packetId = stage == PendingStage.Queued ? (ushort)0 : from.UInt16();
        var identifiers = hasIdentifiers ? from.List(Fields.Identifier) : [];
        var expiresAt = (flags & HasExpiry) != 0 ? from.Signed() : 0;
        var message = Message(ref from, (flags & IsInline) != 0, expiresAt, ref place.Offset, pool);
        return new QueueItem(place.Number, message, qos, retain, identifiers, stage, packetId);
    }

    private static int CountOf(ReadOnlySpan<QueueRun> runs)
    {
        var count = 0;
        foreach (var run in runs)
        {
            count += run.Count;
        }

        return count;
    }

    private static MessageRef Message(ref RecordReader from, bool isInline, long expiresAt, ref long offset, MessagePool pool)
    {
        if (isInline)
        {
            return MessagePool.Inline(from.Bytes(), expiresAt);
        }

        var length = from.Int32();
        offset += from.Signed();
        return pool.At(offset, length, expiresAt);
    }

    /// <summary>Where the item before stood.</summary>
    private struct Place
    {
        public long Number;
        public long Offset;
    }
}
