namespace GrainMQ.Grains;

/// <summary>
/// Items by the time at which they are due. An item that moves or goes is left behind and skipped later: cheaper than to find it, and
/// the heap is rebuilt when more than half of it is left behind, so that a device that reconnects every minute costs one entry.
/// </summary>
/// <param name="isCurrent">Whether the item is still due at that time.</param>
internal sealed class DueTimeHeap<T>(Func<T, long, bool> isCurrent)
{
    private const int RebuildFrom = 64;

    private PriorityQueue<T, long> _heap = new();
    private int _abandoned;

    /// <summary>Entries held, abandoned ones included.</summary>
    public int Count => _heap.Count;

    /// <summary>Unix milliseconds; <see cref="long.MaxValue"/> when nothing is due, ever.</summary>
    public long NextDue
    {
        get
        {
            SkipAbandoned();
            return _heap.TryPeek(out _, out var dueAt) ? dueAt : long.MaxValue;
        }
    }

    public void Add(T item, long dueAt) => _heap.Enqueue(item, dueAt);

    /// <summary>Called once for every entry that <c>isCurrent</c> no longer holds for.</summary>
    public void Abandon()
    {
        _abandoned++;
        if (_heap.Count >= RebuildFrom && _abandoned > _heap.Count / 2)
        {
            Rebuild();
        }
    }

    public bool TryTake(long now, out T item)
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
