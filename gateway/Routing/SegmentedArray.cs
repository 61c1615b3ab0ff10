using System.Numerics;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// An array that grows without moving: segment k holds <c>2^(firstShift + k)</c> items and is allocated once. A reader that learned an
/// index may use it for ever, without a lock and without a snapshot, which an array that is copied to grow cannot offer.
/// </summary>
internal sealed class SegmentedArray<T>(int firstShift)
{
    private readonly T[]?[] _segments = new T[]?[32 - firstShift];

    public ref T this[uint index]
    {
        get
        {
            var (segment, offset) = Locate(index);
            return ref _segments[segment]![offset]; // an index is published only after Reserve
        }
    }

    /// <summary>The number of items of the segments allocated so far.</summary>
    public long Capacity { get; private set; }

    /// <summary>Makes <paramref name="index"/> usable. Called by the writer before it publishes the index.</summary>
    public void Reserve(uint index)
    {
        var segment = Locate(index).Segment;
        if (_segments[segment] is not null) return;
        var items = new T[1L << (firstShift + segment)];
        Volatile.Write(ref _segments[segment], items);
        Capacity += items.Length;
    }

    /// <summary>The items from <paramref name="index"/> to the end of its segment.</summary>
    public Span<T> From(uint index)
    {
        var (segment, offset) = Locate(index);
        return _segments[segment].AsSpan((int)offset);
    }

    private (int Segment, uint Offset) Locate(uint index)
    {
        var shifted = index + (1u << firstShift);
        var top = BitOperations.Log2(shifted);
        return (top - firstShift, shifted ^ (1u << top));
    }
}
