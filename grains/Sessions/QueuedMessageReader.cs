using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions;

/// <summary>Reads the messages of a page from memory or from the journal.</summary>
internal sealed class QueuedMessageReader(JournaledShard<SessionSnapshot, SessionChange> shard, QueuePages pages, SessionStoreGrain.Log log)
{
    /// <summary>Returns the items with their messages, without those that are damaged; null if the disk cannot be read.</summary>
    public async ValueTask<PendingMessage[]?> ReadAsync(SessionRecord session, List<QueueItem> items)
    {
        var bytes = new byte[]?[items.Count];
        if (!await TryReadAsync(session, items, InMemory(items, bytes), bytes))
        {
            return null;
        }

        var messages = Joined(items, bytes);
        if (messages.Length < items.Count)
        {
            LoseDamaged(session, [.. items.Where((item, at) => bytes[at] is null && session.HasQueue && session.Queue.Contains(item.Number)).Select(item => item.Number)]);
        }

        return messages;
    }

    // A page has up to 1,000 messages: what is done for each of them is a loop, at a tenth of the cost of a query.

    /// <summary>Takes the bytes that are in memory; returns the places of the others.</summary>
    private static List<int> InMemory(List<QueueItem> items, byte[]?[] bytes)
    {
        var others = new List<int>(items.Count);
        for (var at = 0; at < items.Count; at++)
        {
            bytes[at] = items[at].Message.Bytes;
            if (bytes[at] is null)
            {
                others.Add(at);
            }
        }
        return others;
    }

    private static PendingMessage[] Joined(List<QueueItem> items, byte[]?[] bytes)
    {
        var messages = new List<PendingMessage>(items.Count);
        for (var at = 0; at < items.Count; at++)
        {
            if (bytes[at] is { } message)
            {
                messages.Add(items[at].With(message));
            }
        }

        return [.. messages];
    }

    private async ValueTask<bool> TryReadAsync(SessionRecord session, List<QueueItem> items, List<int> places, byte[]?[] bytes)
    {
        while (places.Count > 0)
        {
            var offsets = OffsetsOf(items, places);
            var read = new byte[]?[offsets.Length];
            if (await shard.Writer.ReadAsync(offsets, read) != JournalResult.Ok)
            {
                return false;
            }

            places = Moved(session, items, places, offsets, read, bytes);
        }
        return true;
    }

    private static long[] OffsetsOf(List<QueueItem> items, List<int> places)
    {
        var offsets = new long[places.Count];
        for (var at = 0; at < offsets.Length; at++)
        {
            offsets[at] = items[places[at]].Message.Offset;
        }

        return offsets;
    }

    /// <summary>Takes what was read; returns the places of messages that are not where they were because they have moved meanwhile.</summary>
    private static List<int> Moved(SessionRecord session, List<QueueItem> items, List<int> places, long[] offsets, byte[]?[] read, byte[]?[] bytes)
    {
        var moved = new List<int>();
        for (var at = 0; at < read.Length; at++)
        {
            bytes[places[at]] = read[at];
            if (read[at] is null && HasMoved(session, items, places[at], offsets[at]))
            {
                moved.Add(places[at]);
            }
        }
        return moved;
    }

    private static bool HasMoved(SessionRecord session, List<QueueItem> items, int place, long offset)
    {
        if (!session.HasQueue || session.Queue.Find(items[place].Number) is not { } message || message.Offset == offset)
        {
            return false;
        }

        items[place] = items[place] with { Message = message };
        return true;
    }

    private void LoseDamaged(SessionRecord session, long[] numbers)
    {
        if (numbers.Length == 0)
        {
            return; // the session ended meanwhile, and the log may have let go of what it had
        }

        log.MessagesLost(shard.Number, session.Key, numbers.Length);
        pages.DropDamaged(session, numbers);
        shard.Measure();
    }
}
