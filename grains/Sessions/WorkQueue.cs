using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Wills that are due. Each is leased to one gateway at a time until it is completed; a lease that lapses, or whose gateway is lost,
/// makes it available again. The id of a will is the epoch of the connection that set it, or that of the one that set it off, negative; no other connection
/// of the shard has it, so that the same will is never two pieces of work and completing it twice changes nothing.
/// </summary>
/// <param name="leaseMilliseconds">Length of a lease; the same for all, so that leases lapse in the order in which they were given.</param>
internal sealed class WorkQueue(long leaseMilliseconds)
{
    private readonly Dictionary<long, Item> _items = [];
    private readonly LinkedList<Item> _available = new();
    private readonly LinkedList<Item> _leased = new();

    /// <summary>Not completed.</summary>
    public int Count => _items.Count;

    public bool HasAvailable => _available.Count > 0;

    /// <summary>When the oldest lease lapses; <see cref="long.MaxValue"/> when nothing is leased.</summary>
    public long NextLapse => _leased.First?.Value.LapsesAt ?? long.MaxValue;

    public IEnumerable<WorkSnapshot> Snapshot() =>
        _leased.Concat(_available).Select(item => new WorkSnapshot(item.Work, item.Holder, item.LapsesAt));

    public void Add(DueWill work)
    {
        var item = new Item(work);
        if (_items.TryAdd(work.Id, item))
        {
            _available.AddLast(item.Node);
        }
    }

    public void Restore(WorkSnapshot snapshot)
    {
        var item = new Item(snapshot.Work);
        if (!_items.TryAdd(snapshot.Work.Id, item))
        {
            return;
        }

        if (snapshot.Holder is { } holder)
        {
            Hold(item, holder, snapshot.LapsesAt);
        }
        else
        {
            _available.AddLast(item.Node);
        }
    }

    /// <summary>The oldest available work, at most so many items and (after the first) so many bytes.</summary>
    public DueWill[] Available(int maxItems, int maxBytes)
    {
        var bytes = 0L;
        return [.. _available.Take(maxItems).TakeWhile((item, at) => (bytes += item.Work.Message.Length) <= maxBytes || at == 0)
            .Select(item => item.Work)];
    }

    public void Lease(GatewayRef gateway, long now, long[] ids)
    {
        foreach (var id in ids)
        {
            if (!_items.TryGetValue(id, out var item))
            {
                continue;
            }

            item.Node.List?.Remove(item.Node);
            Hold(item, gateway, now + leaseMilliseconds);
        }
    }

    /// <summary>The gateway published it. Also taken from a gateway whose lease has lapsed: the will is out.</summary>
    public void Complete(long[] ids)
    {
        foreach (var id in ids)
        {
            if (_items.Remove(id, out var item))
            {
                item.Node.List?.Remove(item.Node);
            }
        }
    }

    public void Lapse(long now)
    {
        while (_leased.First is { } node && node.Value.LapsesAt <= now)
        {
            Release(node.Value);
        }
    }

    public void ReleaseAll(GatewayRef gateway)
    {
        foreach (var item in _leased.Where(item => item.Holder == gateway).ToArray())
        {
            Release(item);
        }
    }

    private void Hold(Item item, GatewayRef gateway, long lapsesAt)
    {
        item.Holder = gateway;
        item.LapsesAt = lapsesAt;
        _leased.AddLast(item.Node);
    }

    private void Release(Item item)
    {
        _leased.Remove(item.Node);
        item.Holder = null;
        _available.AddLast(item.Node);
    }

    private sealed class Item
    {
        public Item(DueWill work) => (Work, Node) = (work, new LinkedListNode<Item>(this));

        public DueWill Work { get; }

        public LinkedListNode<Item> Node { get; }

        public GatewayRef? Holder { get; set; }

        public long LapsesAt { get; set; }
    }
}
