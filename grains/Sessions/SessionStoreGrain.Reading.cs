using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions;

/// <content>Pages of queues: chosen from the table, their messages read from memory or from the journal.</content>
internal sealed partial class SessionStoreGrain
{
    public async Task<QueuePage> ReadAsync(QueueRead read)
    {
        if (IsOver)
        {
            return Refused(SessionResult.Busy);
        }

        var slice = _table.Page(read, Begin(), Writer.IsSettled, out var result);
        if (slice is null)
        {
            return Refused(await SettleAsync(result));
        }

        if (!slice.HasMore && _table.Info(read.Key).Owner is { } owner)
        {
            _behind.Forget(owner.Gateway, read.Key); // at once: what is committed from here on is told again
        }

        var messages = await FetchAsync(slice.Session, slice.Items);
        if (messages is null || !await Writer.IsCurrentAsync())
        {
            return Refused(SessionResult.Busy);
        }

        return messages.Length == 0 && slice.HasMore
            ? await ReadAsync(read with { After = slice.Last }) // all of them were damaged
            : new QueuePage(SessionResult.Ok, messages, slice.Last, slice.HasMore);
    }

    private static QueuePage Refused(SessionResult result) => new(result, [], 0, false);

    /// <summary>Adds what the session has stored to the answer of a CONNECT.</summary>
    private async ValueTask<OpenReply> WithStateAsync(OpenReply reply, string key)
    {
        if (_table.Resume(key, reply.Epoch, Now(), Writer.IsSettled) is not { } resume)
        {
            return SessionTable.Refused(SessionResult.Fenced); // by a CONNECT that came meanwhile
        }

        var messages = await FetchAsync(resume.Page.Session, [.. resume.Front, .. resume.Page.Items]);
        return messages is null
            ? SessionTable.Refused(SessionResult.Busy)
            : reply with { State = resume.State with { Pending = messages } };
    }

    /// <summary>The items with their messages, without those that are damaged; null: the disk cannot be read.</summary>
    private async ValueTask<PendingMessage[]?> FetchAsync(SessionRecord session, List<QueueItem> items)
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
            if (await Writer.ReadAsync(offsets, read) != JournalResult.Ok)
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

    /// <summary>Takes what was read; returns the places of what is gone from where it was because it has got another place meanwhile.</summary>
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

        LogMessagesLost(logger, _shard, session.Key, numbers.Length);
        _table.Lose(session, numbers);
        Measure();
    }
}
