using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Storage;

namespace GrainMQ.Grains.Sessions;

/// <content>Pages of queues: chosen from the table, their messages read from memory or from the journal.</content>
internal sealed partial class SessionStoreGrain
{
    public async Task<QueuePage> ReadAsync(QueueRead read)
    {
        if (IsOver)
            return Refused(SessionResult.Busy);
        var slice = _table.Page(read, Begin(), Writer.IsSettled, out var result);
        if (slice is null)
            return Refused(await SettleAsync(result));
        if (!slice.HasMore && _table.Info(read.Key).Owner is { } owner)
            _behind.Forget(owner.Gateway, read.Key); // at once: what is committed from here on is told again
        var messages = await FetchAsync(read.Key, slice.Items);
        if (messages is null || !await Writer.IsCurrentAsync())
            return Refused(SessionResult.Busy);
        return messages.Length == 0 && slice.HasMore
            ? await ReadAsync(read with { After = slice.Last }) // all of them were damaged
            : new QueuePage(SessionResult.Ok, messages, slice.Last, slice.HasMore);
    }

    private static QueuePage Refused(SessionResult result) => new(result, [], 0, false);

    /// <summary>Adds what the session has stored to the answer of a CONNECT.</summary>
    private async ValueTask<OpenReply> WithStateAsync(OpenReply reply, string key)
    {
        if (_table.Resume(key, reply.Epoch, Now(), Writer.IsSettled) is not { } resume)
            return SessionTable.Refused(SessionResult.Fenced); // by a CONNECT that came meanwhile
        var messages = await FetchAsync(key, [.. resume.Front, .. resume.Page.Items]);
        return messages is null
            ? SessionTable.Refused(SessionResult.Busy)
            : reply with { State = resume.State with { Pending = messages } };
    }

    /// <summary>The items with their messages, without those that are damaged; null: the disk cannot be read.</summary>
    private async ValueTask<PendingMessage[]?> FetchAsync(string key, List<QueueItem> items)
    {
        var bytes = new byte[]?[items.Count];
        if (!await TryReadAsync(items, InMemory(items, bytes), bytes))
            return null;
        var messages = Joined(items, bytes);
        if (messages.Length < items.Count)
            LoseDamaged(key, [.. items.Where((_, at) => bytes[at] is null).Select(item => item.Number)]);
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
                others.Add(at);
        }
        return others;
    }

    private static PendingMessage[] Joined(List<QueueItem> items, byte[]?[] bytes)
    {
        var messages = new List<PendingMessage>(items.Count);
        for (var at = 0; at < items.Count; at++)
            if (bytes[at] is { } message)
                messages.Add(items[at].With(message));
        return [.. messages];
    }

    private async ValueTask<bool> TryReadAsync(List<QueueItem> items, List<int> places, byte[]?[] bytes)
    {
        while (places.Count > 0)
        {
            var offsets = OffsetsOf(items, places);
            var read = new byte[]?[offsets.Length];
            if (await Writer.ReadAsync(offsets, read) != JournalResult.Ok)
                return false;
            places = Moved(items, places, offsets, read, bytes);
        }
        return true;
    }

    private static long[] OffsetsOf(List<QueueItem> items, List<int> places)
    {
        var offsets = new long[places.Count];
        for (var at = 0; at < offsets.Length; at++)
            offsets[at] = items[places[at]].Message.Offset;
        return offsets;
    }

    /// <summary>Takes what was read; returns the places of what is gone from where it was because it has got another place meanwhile.</summary>
    private static List<int> Moved(List<QueueItem> items, List<int> places, long[] offsets, byte[]?[] read, byte[]?[] bytes)
    {
        var moved = new List<int>();
        for (var at = 0; at < read.Length; at++)
        {
            bytes[places[at]] = read[at];
            if (read[at] is null && items[places[at]].Message.Offset != offsets[at])
                moved.Add(places[at]);
        }
        return moved;
    }

    private void LoseDamaged(string key, long[] numbers)
    {
        LogMessagesLost(logger, _shard, key, numbers.Length);
        _table.Lose(key, numbers);
        Measure();
    }
}
