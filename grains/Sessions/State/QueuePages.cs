using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>What connections read from their queues.</summary>
internal sealed class QueuePages(SessionRecords records, QueueDrops drops)
{
    // what one answer may hold, whatever is asked for
    private const int MostMessages = 1_000;
    private const int MostBytes = 1 << 20;

    // the page that comes with the answer to a CONNECT: enough to fill a window
    private const int FirstMessages = 64;
    private const int FirstBytes = 64 << 10;

    /// <summary>Returns a page of a session's queue; null with the reason if the caller does not hold the session.</summary>
    /// <param name="read">What is asked for.</param>
    /// <param name="now">Unix milliseconds; what has expired by then is dropped.</param>
    /// <param name="isSettled">Whether no change waits for the journal.</param>
    /// <param name="result">Ok, Fenced or NotFound.</param>
    public QueueSlice? Read(QueueRead read, long now, bool isSettled, out SessionResult result)
    {
        var record = records.Find(read.Key);
        result = record is null || read.Epoch > record.Epoch ? SessionResult.NotFound
            : record.IsHeldBy(read.Epoch) ? SessionResult.Ok : SessionResult.Fenced;
        return result == SessionResult.Ok && record is not null ? Read(record, read, now, isSettled) : null;
    }

    /// <summary>
    /// Returns what the session has for the connection that has just opened it: the state without the messages, those that began, and the first
    /// page of the others. Null if a later connection holds it.
    /// </summary>
    public SessionResume? Resume(string key, ulong epoch, long now, bool isSettled)
    {
        if (!records.TryFind(key, out var record) || record.Epoch != epoch || !record.IsAttached)
        {
            return null;
        }

        var page = Read(record, new QueueRead(key, epoch, 0, FirstMessages, FirstBytes), now, isSettled);
        var front = record.HasQueue ? Fresh(record, [.. record.Queue.Front], now) : [];
        return new SessionResume(
            new SessionState(record.Subscriptions.ToArray(), [], [.. record.InboundQos2 ?? []], page.HasMore, page.Last), front, page);
    }

    /// <summary>Drops messages whose bytes cannot be read any more.</summary>
    public void DropDamaged(SessionRecord record, IEnumerable<long> numbers)
    {
        if (record.HasQueue)
        {
            drops.Count(QueueDropReason.Damaged, numbers.Sum(number => record.Queue.Remove(number, number)));
        }
    }

    private QueueSlice Read(SessionRecord record, QueueRead read, long now, bool isSettled)
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

        drops.Count(QueueDropReason.Expired, expired.Count);
        // at the end: numbers behind the last one were dropped, or have been delivered
        return new QueueSlice(record, items, hasMore || !isSettled ? last : Math.Max(last, record.LastNumber), hasMore);
    }

    private List<QueueItem> Fresh(SessionRecord record, List<QueueItem> front, long now)
    {
        foreach (var item in front.Where(item => item.HasExpired(now)))
        {
            record.Queue.Remove(item.Number, item.Number);
        }

        drops.Count(QueueDropReason.Expired, front.RemoveAll(item => item.HasExpired(now)));
        return front;
    }
}
