using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <content>What connections get of their queues.</content>
internal sealed partial class SessionTable
{
    private const int MostMessages = 1_000;
    private const int MostBytes = 1 << 20;
    private const int FirstMessages = 64;
    private const int FirstBytes = 64 << 10;

    /// <summary>A page of a session's queue; null with the reason when the caller does not hold the session.</summary>
    /// <param name="read">What is asked for.</param>
    /// <param name="now">Unix milliseconds; what has expired by then is dropped.</param>
    /// <param name="isSettled">Nothing waits for the journal.</param>
    /// <param name="result">Ok, Fenced or NotFound.</param>
    public QueueSlice? Page(QueueRead read, long now, bool isSettled, out SessionResult result)
    {
        var record = _records.GetValueOrDefault(read.Key);
        result = record is null || read.Epoch > record.Epoch ? SessionResult.NotFound
            : IsHeld(record, read.Epoch) ? SessionResult.Ok : SessionResult.Fenced;
        return result == SessionResult.Ok && record is not null ? Page(record, read, now, isSettled) : null;
    }

    /// <summary>
    /// What the session has for the connection that has just opened it: the state without the messages, those that began, and the first
    /// page of the others. Null when a later connection holds it.
    /// </summary>
    public SessionResume? Resume(string key, ulong epoch, long now, bool isSettled)
    {
        if (!_records.TryGetValue(key, out var record) || record.Epoch != epoch || !record.IsAttached)
        {
            return null;
        }

        var page = Page(record, new QueueRead(key, epoch, 0, FirstMessages, FirstBytes), now, isSettled);
        var front = record.HasQueue ? Fresh(record, [.. record.Queue.Front], now) : [];
        return new SessionResume(
            new SessionState(record.Subscriptions.ToArray(), [], [.. record.InboundQos2 ?? []], page.HasMore, page.Last), front, page);
    }

    /// <summary>Messages whose bytes cannot be read any more.</summary>
    public void Lose(SessionRecord record, IEnumerable<long> numbers)
    {
        if (record.HasQueue)
        {
            CountDropped(DropReason.Damaged, numbers.Sum(number => record.Queue.Remove(number, number)));
        }
    }

    private QueueSlice Page(SessionRecord record, QueueRead read, long now, bool isSettled)
    {
        var (most, bytes, last) = (Math.Clamp(read.MaxMessages, 1, MostMessages), 0L, read.After);
        var (items, expired) = (new List<QueueItem>(record.HasQueue ? Math.Min(most, record.Queue.Count) : 0), new List<long>());
        var hasMore = false;
        foreach (var item in record.HasQueue ? record.Queue.From(read.After + 1) : [])
        {
            isSettled &= item.Message.IsCommitted;
            if (!item.Message.IsCommitted)
            {
                break;
            }

            hasMore = items.Count == most || (items.Count > 0 && bytes + item.Message.Length > Math.Clamp(read.MaxBytes, 1, MostBytes));
            if (hasMore)
            {
                break;
            }

            last = item.Number;
            if (item.HasExpired(now))
            {
                expired.Add(item.Number);
                continue;
            }
            items.Add(item);
            bytes += item.Message.Length;
        }
        foreach (var number in expired)
        {
            record.Queue.Remove(number, number);
        }

        CountDropped(DropReason.Expired, expired.Count);
        // at the end: numbers behind the last one were dropped, or have been delivered
        return new QueueSlice(record, items, hasMore || !isSettled ? last : Math.Max(last, record.LastNumber), hasMore);
    }

    private List<QueueItem> Fresh(SessionRecord record, List<QueueItem> front, long now)
    {
        foreach (var item in front.Where(item => item.HasExpired(now)))
        {
            record.Queue.Remove(item.Number, item.Number);
        }

        CountDropped(DropReason.Expired, front.RemoveAll(item => item.HasExpired(now)));
        return front;
    }
}

/// <summary>A page of a queue, its messages still to be read.</summary>
/// <param name="Session">Whose queue it is.</param>
/// <param name="Items">In the order of their numbers.</param>
/// <param name="Last">As in <see cref="QueuePage"/>.</param>
/// <param name="HasMore">As in <see cref="QueuePage"/>.</param>
internal sealed record QueueSlice(SessionRecord Session, List<QueueItem> Items, long Last, bool HasMore);

internal sealed record SessionResume(SessionState State, List<QueueItem> Front, QueueSlice Page);
