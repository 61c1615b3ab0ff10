using System.Numerics;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// An array that grows without moving: a reader that learned an index may use it for ever, without a lock and without a snapshot, which
/// an array that is copied to grow cannot offer. Segments double from <c>2^firstShift</c> to <c>2^lastShift</c> items and stay at that,
/// so that a small one is small and a large one wastes at most one segment.
/// </summary>
internal sealed class SegmentedArray<T>(int firstShift, int lastShift)
{
    private T[][] _segments = [];

    /// <summary>An index is published only after <see cref="Reserve"/>, hence a reader that has it also sees its segment.</summary>
    public ref T this[uint index]
    {
        get
        {
            var (segment, offset) = Locate(index);
            return ref Volatile.Read(ref _segments)[segment][offset];
        }
    }

    /// <summary>The number of items of the segments allocated so far.</summary>
    public long Capacity { get; private set; }

    /// <summary>Makes <paramref name="index"/> usable. Called by the writer before it publishes the index.</summary>
    public void Reserve(uint index)
    {
        for (var segment = Locate(index).Segment; segment >= _segments.Length;)
        {
            var items = new T[1 << Math.Min(firstShift + _segments.Length, lastShift)];
            Volatile.Write(ref _segments, [.. _segments, items]);
            Capacity += items.Length;
        }
    }

    /// <summary>The items from <paramref name="index"/> to the end of its segment.</summary>
    public Span<T> From(uint index)
    {
        var (segment, offset) = Locate(index);
        return Volatile.Read(ref _segments)[segment].AsSpan((int)offset);
    }

    private (int Segment, uint Offset) Locate(uint index)
    {
        var shifted = index + (1u << firstShift);
        var top = BitOperations.Log2(shifted);
        if (top < lastShift)
        {
            return (top - firstShift, shifted ^ (1u << top));
        }

        return (lastShift - firstShift - 1 + (int)(shifted >> lastShift), shifted & ((1u << lastShift) - 1));
    }
}
