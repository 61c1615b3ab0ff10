using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>
/// The front of a queue: the deliveries that began, in the order of sending, and what a connection handed back. The client's Receive Maximum
/// and the gateway's window bound it.
/// </summary>
internal sealed class QueueFront
{
    private readonly LinkedList<QueueItem> _items = new();
    private readonly Dictionary<long, LinkedListNode<QueueItem>> _byNumber = [];

    public int Count => _byNumber.Count;

    /// <summary>Handed to every connection again, in this order.</summary>
    public IEnumerable<QueueItem> Items => _items;

    /// <summary>How many deliveries have begun.</summary>
    public int Begun { get; private set; }

    /// <summary>What they cost.</summary>
    public long BegunBytes { get; private set; }

    /// <summary>The number of the oldest message whose delivery has not begun; null if there is none.</summary>
    public long? OldestUnbegun
    {
        get
        {
            foreach (var item in _items)
            {
                if (item.Stage == PendingStage.Queued)
                {
                    return item.Number;
                }
            }

            return null;
        }
    }

    public bool TryFind(long number, out QueueItem item)
    {
        var isFound = _byNumber.TryGetValue(number, out var node);
        item = node?.Value ?? default;
        return isFound;
    }

    /// <summary>Returns the message as an object, which the front keeps; null if it is not here.</summary>
    public StoredMessage? Hold(long number)
    {
        if (!_byNumber.TryGetValue(number, out var node))
        {
            return null;
        }

        var message = node.Value.Message.ToObject();
        node.Value = node.Value with { Message = message };
        return message;
    }

    /// <summary>Adds a message behind the others.</summary>
    public void AddLast(in QueueItem item) => Add(item, before: null);

    /// <summary>
    /// Adds a delivery that has begun, behind the others. PUBREL is sent again in the order of PUBREC [MQTT-4.6.0-4], so a released one goes
    /// behind those that were released before and in front of the rest.
    /// </summary>
    public void Begin(in QueueItem item) => Add(item, before: item.Stage == PendingStage.Released ? FirstUnreleased() : null);

    /// <summary>Puts an item in the place of the one with its number, for a delivery that has gone on; a released one moves as in <see cref="Begin"/>.</summary>
    public void Advance(in QueueItem item)
    {
        var node = _byNumber[item.Number];
        CountBegun(-1, node.Value);
        CountBegun(+1, item);
        node.Value = item;
        if (item.Stage != PendingStage.Released)
        {
            return;
        }

        _items.Remove(node);
        if (FirstUnreleased() is { } before)
        {
            _items.AddBefore(before, node);
        }
        else
        {
            _items.AddLast(node);
        }
    }

    public bool TryRemove(long number, out QueueItem item)
    {
        item = default;
        if (!_byNumber.Remove(number, out var node))
        {
            return false;
        }

        item = node.Value;
        _items.Remove(node);
        CountBegun(-1, item);
        return true;
    }

    /// <summary>Returns the numbers from first to last that are here.</summary>
    public long[] Between(long first, long last)
    {
        if (first == last)
        {
            return _byNumber.ContainsKey(first) ? [first] : [];
        }

        return [.. _byNumber.Keys.Where(number => number >= first && number <= last)];
    }

    private void Add(in QueueItem item, LinkedListNode<QueueItem>? before)
    {
        _byNumber[item.Number] = before is null ? _items.AddLast(item) : _items.AddBefore(before, item);
        CountBegun(+1, item);
    }

    private LinkedListNode<QueueItem>? FirstUnreleased()
    {
        var node = _items.First;
        while (node is { Value.Stage: PendingStage.Released })
        {
            node = node.Next;
        }

        return node;
    }

    private void CountBegun(int sign, in QueueItem item)
    {
        if (item.Stage == PendingStage.Queued)
        {
            return;
        }

        Begun += sign;
        BegunBytes += sign * item.Cost;
    }
}
