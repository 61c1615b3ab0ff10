using System.Buffers.Binary;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The UTF-8 text of the filters of a <see cref="LocalTrie{TValue}"/>: two bytes of length and the text, rounded up to eight bytes
/// (24 bytes for <c>devices/123456/cmd/#</c>, where a string takes 64). Freed records are used again by records of the same size.
/// </summary>
internal sealed class FilterArena
{
    private const int FirstShift = 12;
    private const int LastShift = 18; // holds the longest filter three times
    private const int Alignment = 8;

    private readonly SegmentedArray<byte> _bytes = new(FirstShift, LastShift);
    private readonly Dictionary<int, uint> _freeBySize = [];
    private uint _end = Alignment; // 0 means "no record"

    public long SizeInBytes => _bytes.Capacity;

    public uint Add(ReadOnlySpan<byte> filter)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Length, ushort.MaxValue); // [MQTT-4.7.3-3]
        var size = SizeOf(filter.Length);
        var record = TakeFree(size) ?? Extend(size);
        var target = _bytes.From(record);
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)filter.Length);
        filter.CopyTo(target[sizeof(ushort)..]);
        return record;
    }

    public void Remove(uint record)
    {
        var bytes = _bytes.From(record);
        var size = SizeOf(BinaryPrimitives.ReadUInt16LittleEndian(bytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, _freeBySize.GetValueOrDefault(size)); // a list through the freed records
        _freeBySize[size] = record;
    }

    /// <summary>
    /// The filter of a record. A reader that raced with reuse may get any bytes, never an exception; it finds out by the trie's reuse count.
    /// </summary>
    public ReadOnlySpan<byte> this[uint record]
    {
        get
        {
            ReadOnlySpan<byte> bytes = _bytes.From(record);
            var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            bytes = bytes[sizeof(ushort)..];
            return length <= bytes.Length ? bytes[..length] : default;
        }
    }

    private static int SizeOf(int length) => (sizeof(ushort) + length + Alignment - 1) & -Alignment;

    private uint? TakeFree(int size)
    {
        if (!_freeBySize.TryGetValue(size, out var record) || record == 0)
        {
            return null;
        }

        _freeBySize[size] = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.From(record));
        return record;
    }

    private uint Extend(int size)
    {
        _bytes.Reserve(_end);
        var room = _bytes.From(_end).Length;
        if (room < size)
        {
            // A record does not span segments, and the first segments are smaller than the longest filter.
            _end = checked(_end + (uint)room);
            return Extend(size);
        }

        var record = _end;
        _end = checked(_end + (uint)size);
        return record;
    }
}
