using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>
/// Wills that are due. Each is leased to one gateway at a time until it is published; a lease that lapses, or whose gateway is lost, makes it
/// available again. The id of a will is the epoch of the connection that set it, or, negative, that of the connection that made it due; no
/// other connection of the shard has it, so that the same will is never here twice and completing it twice changes nothing.
/// </summary>
/// <param name="leaseMilliseconds">Length of a lease; the same for all, so that leases lapse in the order in which they were given.</param>
internal sealed class DueWills(long leaseMilliseconds)
{
    private readonly Dictionary<long, Item> _items = [];
    private readonly LinkedList<Item> _available = new();
    private readonly LinkedList<Item> _leased = new();

    /// <summary>Wills that are not published.</summary>
    public int Count => _items.Count;

    public bool HasAvailable => _available.Count > 0;

    /// <summary>When the oldest lease lapses, in Unix milliseconds; <see cref="long.MaxValue"/> if nothing is leased.</summary>
    public long NextLapse => _leased.First?.Value.LapsesAt ?? long.MaxValue;

    public IEnumerable<DueWillSnapshot> Snapshot() =>
        _leased.Concat(_available).Select(item => new DueWillSnapshot(item.Will, item.Holder, item.LapsesAt));

    public void Add(DueWill will)
    {
        var item = new Item(will);
        if (_items.TryAdd(will.Id, item))
        {
            _available.AddLast(item.Node);
        }
    }

    public void Restore(DueWillSnapshot snapshot)
    {
        var item = new Item(snapshot.Will);
        if (!_items.TryAdd(snapshot.Will.Id, item))
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

    /// <summary>Returns the oldest available wills, at most so many and (after the first) so many bytes.</summary>
    public DueWill[] Available(int most, int maxBytes)
    {
        var bytes = 0L;
        return [.. _available.Take(most).TakeWhile((item, at) => (bytes += item.Will.Message.Length) <= maxBytes || at == 0)
            .Select(item => item.Will)];
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

    /// <summary>Removes wills that a gateway has published, also if its lease has lapsed.</summary>
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

    /// <summary>Makes wills available whose lease has lapsed.</summary>
    public void Lapse(long now)
    {
        while (_leased.First is { } node && node.Value.LapsesAt <= now)
        {
            Release(node.Value);
        }
    }

    /// <summary>Makes the wills of a lost gateway available.</summary>
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
        public Item(DueWill will) => (Will, Node) = (will, new LinkedListNode<Item>(this));

        public DueWill Will { get; }

        public LinkedListNode<Item> Node { get; }

        public GatewayRef? Holder { get; set; }

        public long LapsesAt { get; set; }
    }
}
