using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore;

/// <summary>
/// Records that are appended together, encoded as they will stand on the disk; reusable. Room for the block's header is left in front, so
/// that nothing is copied.
/// </summary>
/// <param name="capacity">Bytes to begin with; it grows.</param>
public sealed class LogBatch(int capacity = 16 << 10)
{
    private byte[] _block = new byte[Math.Max(capacity, BlockHeader.Size)];
    private int _length = BlockHeader.Size;

    /// <summary>Who sent the records; 0 for nobody who would send them twice.</summary>
    public ulong Producer { get; set; }

    /// <summary>Rises with each batch of a producer.</summary>
    public ulong Sequence { get; set; }

    public int Count { get; private set; }

    /// <summary>Bytes that the batch takes on the disk.</summary>
    public int Bytes => _length;

    internal ulong Hlc { get; private set; }

    internal ReadOnlyMemory<byte> Block => _block.AsMemory(0, _length);

    /// <param name="type">The caller's own.</param>
    /// <param name="flags">The caller's own.</param>
    /// <param name="hlc">Hybrid logical clock; 0 where there is none.</param>
    /// <param name="topic">At most 65,535 bytes; empty: the record is not found by topic.</param>
    /// <param name="properties">The caller's own.</param>
    /// <param name="payload">The caller's own.</param>
    public void Add(
        byte type, byte flags, ulong hlc, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topic.Length, ushort.MaxValue);
        var length = checked(RecordHeader.Size + topic.Length + properties.Length + payload.Length);
        var record = Reserve(length);
        new RecordHeader(length, type, flags, topic.Length, properties.Length, hlc).WriteTo(record);
        topic.CopyTo(record[RecordHeader.Size..]);
        properties.CopyTo(record[(RecordHeader.Size + topic.Length)..]);
        payload.CopyTo(record[(length - payload.Length)..]);
        Count++;
        Hlc = Math.Max(Hlc, hlc);
    }

    /// <summary>A record of a journal: a type and bytes.</summary>
    public void Add(byte type, ReadOnlySpan<byte> payload) => Add(type, 0, 0, [], [], payload);

    /// <summary>Empties it; the memory stays for the next records.</summary>
    public void Clear()
    {
        (_length, Count, Hlc) = (BlockHeader.Size, 0, 0);
        (Producer, Sequence) = (0, 0);
    }

    internal void Finish(long firstOffset, long durableOffset, uint salt) =>
        new BlockHeader(_length - BlockHeader.Size, Count, firstOffset, durableOffset, Producer, Sequence).WriteTo(_block, salt);

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
