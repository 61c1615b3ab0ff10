using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>Writes and reads the parts of a <see cref="SessionSnapshot"/> as they stand in a journal.</summary>
internal static class SnapshotFields
{
    // marks of an item
    private const byte HasExpiry = 64;
    private const byte IsInline = 128;

    public static void Producer(RecordWriter to, LastBatch<QueueReply> last)
    {
        ContractFields.Gateway(to, last.Producer);
        to.Signed(last.Sequence);
        to.Count(last.Reply.Dropped);
    }

    public static LastBatch<QueueReply> Producer(ref RecordReader from) =>
        new(ContractFields.Gateway(ref from), from.Signed(), new QueueReply(SessionResult.Ok, from.Int32()));

    /// <summary>Writes a report as a batch that dropped nothing.</summary>
    public static void Reporter(RecordWriter to, LastBatch<ProgressReply> last)
    {
        ContractFields.Gateway(to, last.Producer);
        to.Signed(last.Sequence);
        to.Count(0);
    }

    public static LastBatch<ProgressReply> Reporter(ref RecordReader from)
    {
        var (gateway, sequence) = (ContractFields.Gateway(ref from), from.Signed());
        from.Int32();
        return new LastBatch<ProgressReply>(gateway, sequence, DeliveryProgress.Noted);
    }

    public static void Will(RecordWriter to, DueWillSnapshot due)
    {
        to.Signed(due.Will.Id);
        to.Text(due.Will.Key);
        to.Bytes(due.Will.Message);
        to.Maybe(due.Holder, ContractFields.Gateway);
        to.Signed(due.LapsesAt);
    }

    public static DueWillSnapshot Will(ref RecordReader from) =>
        new(new DueWill(from.Signed(), from.Text(), from.Bytes()), from.Maybe(ContractFields.Gateway), from.Signed());

    public static void Session(RecordWriter to, SessionRecordSnapshot session)
    {
        to.Text(session.Key);
        to.Number(session.Epoch);
        to.Maybe(session.Owner, ContractFields.Owner);
        to.Number(session.Earlier.Last);
        to.Number(session.Earlier.Second);
        to.Number(session.Earlier.Third);
        to.Flag(session.IsAttached);
        to.Flag(session.IsOrphaned);
        to.Number(session.ExpirySeconds);
        to.Maybe(session.Will, ContractFields.Will);
        to.Signed(session.WillDueAt);
        to.Signed(session.ExpiresAt);
        to.List(session.Subscriptions, ContractFields.Subscription);
        to.Signed(session.LastNumber);
        to.List(session.InboundQos2, ContractFields.PacketId);
        to.Maybe(session.Opened, ContractFields.Opened);
        to.Count(session.Front.Length);
        var place = default(Place);
        foreach (var item in session.Front)
        {
            Item(to, item, ref place);
        }
    }

    /// <summary>Writes a part of the queue, which follows its session or its key.</summary>
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
        var (key, epoch, owner) = (from.Text(), from.Number(), from.Maybe(ContractFields.Owner));
        var earlier = new ClaimHistory(from.Number(), from.Number(), from.Number());
        var (isAttached, isOrphaned, expiry, will) = (from.Flag(), from.Flag(), from.UInt32(), from.Maybe(ContractFields.Will));
        var (willDueAt, expiresAt, subscriptions) = (from.Signed(), from.Signed(), from.List(ContractFields.Subscription));
        var (lastNumber, inbound, opened) = (from.Signed(), from.List(ContractFields.PacketId), from.Maybe(ContractFields.Opened));
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

    /// <summary>Writes an item, its place as the difference to the one before: mostly a byte or two.</summary>
    private static void Item(RecordWriter to, in QueueItem item, ref Place place)
    {
        var message = item.Message;
        QueueItemHead.Write(
            to, item, ref place.Item, (byte)((message.ExpiresAt != 0 ? HasExpiry : 0) | (message.Bytes is not null ? IsInline : 0)));
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
        var head = QueueItemHead.Read(ref from, ref place.Item);
        var expiresAt = (head.Marks & HasExpiry) != 0 ? from.Signed() : 0;
        return head.With(Message(ref from, (head.Marks & IsInline) != 0, expiresAt, ref place.Offset, pool));
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

    /// <summary>What an item is written in relation to.</summary>
    private struct Place
    {
        public QueueItemPlace Item;
        public long Offset;
    }
}
