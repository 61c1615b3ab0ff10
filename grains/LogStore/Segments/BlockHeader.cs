using System.Buffers.Binary;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// What stands before the records of one append. Both checksums start from the salt of the segment: a block that a client put into
/// its payload, or that was copied from another segment, does not pass for one of this segment.
/// </summary>
/// <param name="Length">Bytes of the records.</param>
/// <param name="Count">Records, at least one.</param>
/// <param name="FirstOffset">Offset of the first record.</param>
/// <param name="DurableOffset">
/// Every record below was on the disk before this block was written. A broken block below it is damage; one at or above it is an
/// append without an answer.
/// </param>
internal readonly record struct BlockHeader(int Length, int Count, long FirstOffset, long DurableOffset)
{
    public const int Size = 56;
    public const uint Magic = 0x4B42514D; // "MQBK"

    private const int HeaderChecksum = 4;
    private const int Checked = 8;
    private const int Unused = 40; // room for a producer and its sequence, which no writer has

    public static ReadOnlySpan<byte> MagicBytes => "MQBK"u8;

    public long NextOffset => FirstOffset + Count;

    public int BlockLength => Size + Length;

    /// <summary>Writes the header in front of the records that stand behind it already.</summary>
    public void WriteTo(Span<byte> block, uint salt)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(block, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], Crc32C.Append(salt, block.Slice(Size, Length)));
        BinaryPrimitives.WriteInt32LittleEndian(block[12..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(block[16..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(block[20..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(block[24..], FirstOffset);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], DurableOffset);
        block[Unused..Size].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block[HeaderChecksum..], Crc32C.Append(salt, block[Checked..Size]));
    }

    /// <summary>False: these bytes are not a header of this segment.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, uint salt, out BlockHeader header)
    {
        header = default;
        if (bytes.Length < Size || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[HeaderChecksum..]) != Crc32C.Append(salt, bytes[Checked..Size]))
        {
            return false;
        }

        header = new BlockHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]));
        return header is { Count: > 0, FirstOffset: >= 0 } && header.Length >= (long)header.Count * RecordHeader.Size;
    }

    /// <summary>Whether the records are those that were written; the block must be whole.</summary>
    public bool IsBodyOf(ReadOnlySpan<byte> block, uint salt) =>
        BinaryPrimitives.ReadUInt32LittleEndian(block[8..]) == Crc32C.Append(salt, block.Slice(Size, Length));
}
