using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>
/// What one session has not finished, connected or not. In front (<see cref="QueueFront"/>) are the deliveries that began and what a connection
/// handed back. Behind them the others wait in the order of their numbers, in chunks that double from 4 to 256, so that a queue of three costs
/// little and one of 100,000 is never copied. When the queue is full, the oldest message that has not begun is dropped.
/// </summary>
internal sealed class SessionQueue(QueueBounds bounds)
{
    private readonly List<QueueChunk> _chunks = [];
    private QueueFront? _front; // null while it is empty
    private int _waiting;

    public int Count => _waiting + (_front?.Count ?? 0);

    /// <summary>What the messages cost.</summary>
    public long Bytes { get; private set; }

    /// <summary>Handed to every connection again: what began, in the order of sending, and what a connection handed back.</summary>
    public IEnumerable<QueueItem> Front => _front?.Items ?? [];

    /// <summary>The others as they are now; later changes of the queue do not change the runs.</summary>
    public QueueRun[] Waiting => [.. _chunks.Select(chunk => chunk.Show())];

    private int Begun => _front?.Begun ?? 0;

    private long BegunBytes => _front?.BegunBytes ?? 0;

    /// <summary>Returns whether dropping all that may be dropped makes enough room.</summary>
    public bool CanFit(long cost) =>
        BegunBytes + cost <= bounds.Bytes && bounds.TotalBytes - (Bytes - BegunBytes) + cost <= bounds.MaxTotalBytes;

    /// <summary>Puts a message behind all others; its number is above theirs.</summary>
    public void Enqueue(in QueueItem item)
    {
        if (_chunks.Count == 0 || !_chunks[^1].CanAdd(item.Number))
        {
            var capacity = _chunks.Count == 0 ? QueueChunk.Smallest : Math.Clamp(2 * _chunks[^1].Capacity, QueueChunk.Smallest, QueueChunk.Largest);
            if (_chunks.Count > 0)
            {
                _chunks[^1].Settle();
            }

            _chunks.Add(new QueueChunk(item.Number, capacity));
        }
        _chunks[^1].Add(item);
        _waiting++;
        Account(+1, item.Cost);
    }

    /// <summary>Puts messages behind all others, as they are.</summary>
    public void Enqueue(in QueueRun run)
    {
        var cost = 0L;
        for (var index = 0; index < run.Count; index++)
        {
            cost += run[index].Cost;
        }

        _chunks.Add(run.ToChunk());
        _waiting += run.Count;
        Account(run.Count, cost);
    }

    /// <summary>Puts a message behind those in front, and before all that wait.</summary>
    public void Hand(in QueueItem item)
    {
        (_front ??= new()).AddLast(item);
        Account(+1, item.Cost);
    }

    /// <summary>Notes how far a delivery has come. One that is further already stays so, and an unknown one is finished.</summary>
    public void Begin(long number, ushort packetId, PendingStage stage)
    {
        if (_front is not null && _front.TryFind(number, out var begun))
        {
            if (stage > begun.Stage)
            {
                var advanced = Staged(begun, packetId, stage);
                _front.Advance(advanced);
                Account(0, advanced.Cost - begun.Cost);
            }
        }
        else if (stage != PendingStage.Queued && TryRemoveWaiting(number, out var item))
        {
            var started = Staged(item, packetId, stage);
            (_front ??= new()).Begin(started);
            Account(+1, started.Cost);
        }
    }

    /// <summary>Removes the numbers from first to last; returns how many were there.</summary>
    public int Remove(long first, long last)
    {
        var removed = 0;
        foreach (var number in _front?.Between(first, last) ?? [])
        {
            removed += RemoveFront(number) ? 1 : 0;
        }

        for (var at = FindChunk(first); at < _chunks.Count && _chunks[at].First <= last;)
        {
            removed += RemoveFrom(_chunks[at], first, last);
            at = Tidy(at);
        }
        return removed;
    }

    /// <summary>Drops the oldest messages that have not begun until the queue is within its bounds; returns their numbers.</summary>
    public IEnumerable<long> Trim()
    {
        while (IsOverLimit() && OldestUnbegun() is { } oldest)
        {
            Remove(oldest, oldest);
            yield return oldest;
        }
    }

    /// <summary>Gets the first waiting message from a number on; false at the end.</summary>
    public bool TryGetFrom(long number, out QueueItem item)
    {
        item = default;
        var at = FindChunk(number);
        if (at == _chunks.Count)
        {
            return false;
        }

        var chunk = _chunks[at];
        item = chunk[chunk.Find(number)];
        return true;
    }

    /// <summary>Returns the message with a number, wherever it is in the queue; null if it is not.</summary>
    public MessageRef? Find(long number) =>
        _front is not null && _front.TryFind(number, out var begun) ? begun.Message
        : TryGetFrom(number, out var item) && item.Number == number ? item.Message : (MessageRef?)null;

    /// <summary>Returns the message with a number as an object, which the queue keeps; null if it is not there.</summary>
    public StoredMessage? Hold(long number)
    {
        if (_front?.Hold(number) is { } message)
        {
            return message;
        }

        var at = FindChunk(number);
        var index = at < _chunks.Count ? _chunks[at].Find(number) : 0;
        return at < _chunks.Count && _chunks[at].NumberAt(index) == number ? _chunks[at].Hold(index) : null;
    }

    /// <summary>Returns the waiting messages from a number on.</summary>
    public IEnumerable<QueueItem> From(long number)
    {
        for (var at = FindChunk(number); at < _chunks.Count; at++)
        {
            for (var index = _chunks[at].Find(number); index < _chunks[at].Count; index++)
            {
                yield return _chunks[at][index];
            }
        }
    }

    public bool Contains(long number) =>
        _front?.TryFind(number, out _) == true || (TryGetFrom(number, out var item) && item.Number == number);

    public void Clear()
    {
        Account(-Count, -Bytes);
        _chunks.Clear();
        (_front, _waiting) = (null, 0);
    }

    private static QueueItem Staged(in QueueItem item, ushort packetId, PendingStage stage) => item with
    {
        Stage = stage, PacketId = packetId, Message = stage == PendingStage.Released ? StoredMessage.Empty : item.Message,
    };

    private bool IsOverLimit() =>
        Count - Begun > bounds.Messages || Bytes > bounds.Bytes || bounds.TotalBytes > bounds.MaxTotalBytes;

    private long? OldestUnbegun() => _front?.OldestUnbegun ?? (_chunks.Count > 0 ? _chunks[0].First : null);

    private bool RemoveFront(long number)
    {
        if (_front is null || !_front.TryRemove(number, out var item))
        {
            return false;
        }

        Account(-1, -item.Cost);
        if (_front.Count == 0)
        {
            _front = null;
        }

        return true;
    }

    private bool TryRemoveWaiting(long number, out QueueItem item)
    {
        if (!TryGetFrom(number, out item) || item.Number != number)
        {
            return false;
        }

        var at = FindChunk(number);
        RemoveFrom(_chunks[at], number, number);
        Tidy(at);
        return true;
    }

    /// <summary>Returns the place of the first chunk with a number that is not below the given one.</summary>
    private int FindChunk(long number)
    {
        var (low, high) = (0, _chunks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_chunks[middle].Last < number)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    private int RemoveFrom(QueueChunk chunk, long first, long last)
    {
        var from = chunk.Find(first);
        var count = (last >= chunk.Last ? chunk.Count : chunk.Find(last + 1)) - from;
        var cost = 0L;
        for (var index = from; index < from + count; index++)
        {
            cost += chunk[index].Cost;
        }

        chunk.Remove(from, count);
        _waiting -= count;
        Account(-count, -cost);
        return count;
    }

    /// <summary>Keeps chunks from being empty, or nearly empty between others; returns where the next one is.</summary>
    private int Tidy(int at)
    {
        if (_chunks[at].Count == 0)
        {
            _chunks.RemoveAt(at);
            return at;
        }
        if (at > 0 && _chunks[at - 1].Capacity == QueueChunk.Largest && _chunks[at - 1].TryMerge(_chunks[at]))
        {
            _chunks.RemoveAt(at);
            return at;
        }
        return at + 1;
    }

    private void Account(int messages, long bytes)
    {
        Bytes += bytes;
        bounds.TotalMessages += messages;
        bounds.TotalBytes += bytes;
    }
}
