using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore;

/// <summary>
/// Holds records that are appended together, encoded as they will stand on the disk; reusable. Room for the block's header is left in
/// front, so that nothing is copied.
/// </summary>
/// <param name="capacity">Bytes to begin with; it grows. Default: 16 KB.</param>
public sealed class LogBatch(int capacity = 16 << 10)
{
    private byte[] _block = new byte[Math.Max(capacity, BlockHeader.Size)];
    private int _length = BlockHeader.Size;

    /// <summary>Number of records.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that the batch takes on the disk.</summary>
    public int Bytes => _length;

    internal ulong Hlc { get; private set; }

    internal ReadOnlyMemory<byte> Block => _block.AsMemory(0, _length);

    /// <summary>Adds a record. What type, flags, properties and payload mean is the caller's affair.</summary>
    /// <param name="type">First byte that a reader gets.</param>
    /// <param name="flags">Second byte that a reader gets.</param>
    /// <param name="hlc">Hybrid logical clock, or another number that rises; 0: none.</param>
    /// <param name="properties">Bytes before the payload.</param>
    /// <param name="payload">The rest.</param>
    public void Add(byte type, byte flags, ulong hlc, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> payload)
    {
        var length = checked(RecordHeader.Size + properties.Length + payload.Length);
        var record = Reserve(length);
        new RecordHeader(length, type, flags, 0, properties.Length, hlc).WriteTo(record);
        properties.CopyTo(record[RecordHeader.Size..]);
        payload.CopyTo(record[(length - payload.Length)..]);
        Count++;
        Hlc = Math.Max(Hlc, hlc);
    }

    /// <summary>Adds a record of a type and bytes.</summary>
    public void Add(byte type, ReadOnlySpan<byte> payload) => Add(type, 0, 0, [], payload);

    /// <summary>Empties the batch; its memory stays for the next records.</summary>
    public void Clear() => (_length, Count, Hlc) = (BlockHeader.Size, 0, 0);

    internal void Finish(long firstOffset, long durableOffset, uint salt) =>
        new BlockHeader(_length - BlockHeader.Size, Count, firstOffset, durableOffset).WriteTo(_block, salt);

    private Span<byte> Reserve(int length)
    {
        var needed = checked(_length + length);
        if (needed > _block.Length)
        {
            Array.Resize(ref _block, (int)Math.Min(Array.MaxLength, Math.Max(needed, _block.Length * 2L)));
        }

        var record = _block.AsSpan(_length, length);
        _length = needed;
        return record;
    }
}
