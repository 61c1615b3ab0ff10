namespace GrainMQ.Grains.Shards;

/// <summary>
/// Holds items by the time at which they are due. An entry whose item moves or goes is abandoned and skipped later, which is cheaper than
/// to find it. The heap is rebuilt when more than half of it is abandoned, so that a client that reconnects every minute costs one entry.
/// </summary>
/// <param name="isCurrent">Returns whether the item is still due at that time.</param>
internal sealed class DueTimeHeap<T>(Func<T, long, bool> isCurrent)
{
    /// <summary>A smaller heap is not worth a rebuild.</summary>
    private const int RebuildFrom = 64;

    private PriorityQueue<T, long> _heap = new();
    private int _abandoned;

    /// <summary>Entries held, abandoned ones included.</summary>
    public int Count => _heap.Count;

    /// <summary>When the next item is due, in Unix milliseconds; <see cref="long.MaxValue"/> if the heap is empty.</summary>
    public long NextDue
    {
        get
        {
            SkipAbandoned();
            return _heap.TryPeek(out _, out var dueAt) ? dueAt : long.MaxValue;
        }
    }

    public void Add(T item, long dueAt) => _heap.Enqueue(item, dueAt);

    /// <summary>Says that one entry's item is no longer due at the entry's time. Called once for every such entry.</summary>
    public void Abandon()
    {
        _abandoned++;
        if (_heap.Count >= RebuildFrom && _abandoned > _heap.Count / 2)
        {
            Rebuild();
        }
    }

    /// <summary>Removes the item that was due first; returns false if none is due until now (Unix milliseconds).</summary>
    public bool TryDequeue(long now, out T item)
    {
        SkipAbandoned();
        item = default!; // read only when true is returned
        if (!_heap.TryPeek(out _, out var dueAt) || dueAt > now)
        {
            return false;
        }

        item = _heap.Dequeue();
        return true;
    }

    private void SkipAbandoned()
    {
        while (_heap.TryPeek(out var item, out var dueAt) && !isCurrent(item, dueAt))
        {
            _heap.Dequeue();
            _abandoned = Math.Max(0, _abandoned - 1);
        }
    }

    private void Rebuild()
    {
        _heap = new(_heap.UnorderedItems.Where(entry => isCurrent(entry.Element, entry.Priority)));
        _abandoned = 0;
    }
}
