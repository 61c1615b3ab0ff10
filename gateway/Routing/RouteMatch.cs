namespace GrainMQ.Gateway.Routing;

/// <summary>Where a topic's messages go: kept by the caller and used again; pass it by reference. For one thread at a time.</summary>
public struct RouteMatch
{
    internal Frontier Frontier;
    private ulong[]? _seen;
    private int[]? _slots;
    private int _slotCount;
    private RouteGroup[]? _groups;
    private int _groupCount;

    /// <summary>The slots of the gateways that have a matching subscription, each once. See <see cref="RouteTable.OwnerOf"/>.</summary>
    public readonly ReadOnlySpan<int> Slots => _slots.AsSpan(0, _slotCount);

    /// <summary>The matching Shared Subscriptions: one gateway of each gets the message.</summary>
    public readonly ReadOnlySpan<RouteGroup> Groups => _groups.AsSpan(0, _groupCount);

    /// <summary>A durable session may match: the message goes to the log.</summary>
    public bool DurableInterest { get; internal set; }

    public void Clear()
    {
        foreach (var slot in Slots)
        {
            Seen(slot) &= ~BitOf(slot);
        }

        _groups.AsSpan(0, _groupCount).Clear();
        _slotCount = _groupCount = 0;
        DurableInterest = false;
    }

    internal void AddSlot(int slot)
    {
        if (_seen is null || slot / 64 >= _seen.Length)
        {
            Array.Resize(ref _seen, slot / 64 + 1);
        }

        if ((Seen(slot) & BitOf(slot)) != 0)
        {
            return;
        }

        Seen(slot) |= BitOf(slot);
        Append(ref _slots, ref _slotCount, slot);
    }

    internal void AddGroup(RouteGroup group) => Append(ref _groups, ref _groupCount, group);

    private readonly ref ulong Seen(int slot) => ref _seen![slot / 64]; // AddSlot made it

    private static ulong BitOf(int slot) => 1UL << slot;

    private static void Append<T>(ref T[]? items, ref int count, T item)
    {
        items ??= new T[8];
        if (count == items.Length)
        {
            Array.Resize(ref items, count * 2);
        }

        items[count++] = item;
    }
}
