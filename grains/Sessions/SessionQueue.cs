using System.Diagnostics.CodeAnalysis;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// What one session has not finished, connected or not. In front stand the deliveries that began, in the order of sending, and what a
/// connection handed back: the client's Receive Maximum and the gateway's window bound them. Behind them the others wait in the order of
/// their numbers, in chunks that double from 4 to 256, so that a queue of three costs little and one of 100,000 is never copied. When
/// the queue is full, the oldest message that has not begun goes.
/// </summary>
internal sealed class SessionQueue(QueueBounds bounds)
{
    private readonly List<QueueChunk> _chunks = [];
    private LinkedList<QueueItem>? _front;
    private Dictionary<long, LinkedListNode<QueueItem>>? _frontByNumber;
    private long _begunBytes;
    private int _begun;
    private int _waiting;

    public int Count => _waiting + (_front?.Count ?? 0);

    public long Bytes { get; private set; }

    /// <summary>Handed to every connection anew: what began, in the order of sending, and what a connection handed back.</summary>
    public IEnumerable<QueueItem> Front => _front ?? Enumerable.Empty<QueueItem>();

    /// <summary>The others, as they are now, for good.</summary>
    public QueueRun[] Waiting => [.. _chunks.Select(chunk => chunk.Show())];

    /// <summary>Whether dropping all that may be dropped makes enough room.</summary>
    public bool CanFit(long cost) =>
        _begunBytes + cost <= bounds.Bytes && bounds.TotalBytes - (Bytes - _begunBytes) + cost <= bounds.MaxTotalBytes;

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
        AddFront(item, before: null);
        Account(+1, item.Cost);
    }

    /// <summary>
    /// Notes how far a delivery has come. One that is further already stays so, and an unknown one is finished. PUBREL is sent again in the
    /// order of PUBREC [MQTT-4.6.0-4], so what is released goes behind what was released before and in front of the rest.
    /// </summary>
    public void Begin(long number, ushort packetId, PendingStage stage)
    {
        if (TryFindFront(number, out var node))
        {
            if (stage > node.Value.Stage)
            {
                Advance(node, packetId, stage);
            }
        }
        else if (stage != PendingStage.Queued && TryTakeWaiting(number, out var item))
        {
            AddFront(Staged(item, packetId, stage), before: stage == PendingStage.Released ? FirstUnreleased() : null);
            Account(+1, Staged(item, packetId, stage).Cost);
        }
    }

    /// <summary>Removes the numbers from first to last; returns how many were there.</summary>
    public int Remove(long first, long last)
    {
        var removed = 0;
        foreach (var number in FrontBetween(first, last))
        {
            if (_frontByNumber!.Remove(number, out var node)) // it was just found there
            {
                RemoveFront(node);
                removed++;
            }
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

    /// <summary>The first waiting message from a number on, and where it is; false at the end.</summary>
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

    /// <summary>The message with a number, wherever it is in the queue.</summary>
    public MessageRef? Find(long number) =>
        TryFindFront(number, out var node) ? node.Value.Message
        : TryGetFrom(number, out var item) && item.Number == number ? item.Message : (MessageRef?)null;

    /// <summary>The same as an object, which the queue keeps.</summary>
    public StoredMessage? Hold(long number)
    {
        if (TryFindFront(number, out var node))
        {
            var message = node.Value.Message.ToObject();
            node.Value = node.Value with { Message = message };
            return message;
        }
        var at = FindChunk(number);
        var index = at < _chunks.Count ? _chunks[at].Find(number) : 0;
        return at < _chunks.Count && _chunks[at].NumberAt(index) == number ? _chunks[at].Hold(index) : null;
    }

    /// <summary>Waiting messages from a number on.</summary>
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
        TryFindFront(number, out _) || (TryGetFrom(number, out var item) && item.Number == number);

    public void Clear()
    {
        Account(-Count, -Bytes);
        _chunks.Clear();
        (_front, _frontByNumber) = (null, null);
        (_waiting, _begun, _begunBytes) = (0, 0, 0);
    }

    private static QueueItem Staged(in QueueItem item, ushort packetId, PendingStage stage) => item with
    {
        Stage = stage, PacketId = packetId, Message = stage == PendingStage.Released ? StoredMessage.Empty : item.Message,
    };

    private bool IsOverLimit() =>
        Count - _begun > bounds.Messages || Bytes > bounds.Bytes || bounds.TotalBytes > bounds.MaxTotalBytes;

    private long? OldestUnbegun()
    {
        foreach (var item in Front)
        {
            if (item.Stage == PendingStage.Queued)
            {
                return item.Number;
            }
        }

        return _chunks.Count > 0 ? _chunks[0].First : null;
    }

    private bool TryFindFront(long number, [NotNullWhen(true)] out LinkedListNode<QueueItem>? node)
    {
        node = null;
        return _frontByNumber is not null && _frontByNumber.TryGetValue(number, out node);
    }

    private void Advance(LinkedListNode<QueueItem> node, ushort packetId, PendingStage stage)
    {
        var item = Staged(node.Value, packetId, stage);
        AccountBegun(-1, node.Value);
        AccountBegun(+1, item);
        Account(0, item.Cost - node.Value.Cost);
        node.Value = item;
        if (stage != PendingStage.Released)
        {
            return;
        }

        var front = node.List!; // every node of the index is in the list
        front.Remove(node);
        if (FirstUnreleased() is { } before)
        {
            front.AddBefore(before, node);
        }
        else
        {
            front.AddLast(node);
        }
    }

    private LinkedListNode<QueueItem>? FirstUnreleased()
    {
        var node = _front?.First;
        while (node is { Value.Stage: PendingStage.Released })
        {
            node = node.Next;
        }

        return node;
    }

    private void AddFront(in QueueItem item, LinkedListNode<QueueItem>? before)
    {
        _front ??= new();
        _frontByNumber ??= [];
        _frontByNumber[item.Number] = before is null ? _front.AddLast(item) : _front.AddBefore(before, item);
        AccountBegun(+1, item);
    }

    private void RemoveFront(LinkedListNode<QueueItem> node)
    {
        var item = node.Value;
        node.List!.Remove(node); // every node of the index is in the list
        AccountBegun(-1, item);
        Account(-1, -item.Cost);
        if (_frontByNumber!.Count == 0)
        {
            (_front, _frontByNumber) = (null, null);
        }
    }

    private long[] FrontBetween(long first, long last)
    {
        if (_frontByNumber is null)
        {
            return [];
        }

        if (first == last)
        {
            return _frontByNumber.ContainsKey(first) ? [first] : [];
        }

        return [.. _frontByNumber.Keys.Where(number => number >= first && number <= last)];
    }

    private bool TryTakeWaiting(long number, out QueueItem item)
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

    /// <summary>The first chunk with a number that is not below the given one.</summary>
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
        if (at > 0 && _chunks[at - 1].Capacity == QueueChunk.Largest && _chunks[at - 1].TryTake(_chunks[at]))
        {
            _chunks.RemoveAt(at);
            return at;
        }
        return at + 1;
    }

    private void AccountBegun(int sign, in QueueItem item)
    {
        if (item.Stage == PendingStage.Queued)
        {
            return;
        }

        _begun += sign;
        _begunBytes += sign * item.Cost;
    }

    private void Account(int messages, long bytes)
    {
        Bytes += bytes;
        bounds.TotalMessages += messages;
        bounds.TotalBytes += bytes;
    }
}
