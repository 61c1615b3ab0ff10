using System.Buffers.Binary;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// Writes the index of a sealed segment behind its last block and reads it back, so that a restart need not scan the segment. It is derived
/// from the blocks: one that is missing or broken is made again.
/// </summary>
/// <remarks>
/// The format has room for an index of topics in buckets behind the chunks. Journals have no topics, so it is empty in every footer that is
/// written; one with topics, as earlier versions could write, is read and its topics are skipped.
/// </remarks>
internal static class SegmentFooter
{
    private const int TrailerSize = 48;
    private const int ChunkSize = 16;
    private const ulong Magic = 0x0A0D544F_4F46514D; // "MQFOOT\r\n"

    // Fields of the trailer.
    private const int ChunkCount = 0;
    private const int BucketBits = 8;
    private const int BucketBytes = 12;
    private const int DataEnd = 16;
    private const int NextOffset = 24;
    private const int HeadChecksum = 32;
    private const int TrailerChecksum = 36;
    private const int MagicAt = 40;

    /// <summary>Returns the whole footer, to be written behind the last block.</summary>
    public static byte[] Encode(SegmentIndex index, SegmentExtent extent, uint salt)
    {
        var chunks = index.ToArray();
        var headLength = HeadLength(chunks.Length, bucketBits: 0); // the directory of no buckets is two zeros
        var footer = new byte[headLength + TrailerSize];
        var head = footer.AsSpan(0, (int)headLength);
        for (var at = 0; at < chunks.Length; at++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(head[(at * ChunkSize)..], chunks[at].Offset);
            BinaryPrimitives.WriteInt64LittleEndian(head[(at * ChunkSize + sizeof(long))..], chunks[at].Position);
        }

        var trailer = footer.AsSpan((int)headLength);
        BinaryPrimitives.WriteInt32LittleEndian(trailer[ChunkCount..], chunks.Length);
        BinaryPrimitives.WriteInt64LittleEndian(trailer[DataEnd..], extent.DataEnd);
        BinaryPrimitives.WriteInt64LittleEndian(trailer[NextOffset..], extent.NextOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[HeadChecksum..], Crc32C.Append(salt, head));
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[TrailerChecksum..], Crc32C.Append(salt, trailer[..TrailerChecksum]));
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[MagicAt..], Magic);
        return footer;
    }

    /// <summary>Reads the index of a segment. Null: there is no footer for this extent, or it is broken.</summary>
    public static SegmentIndex? Read(IDiskFile file, SegmentExtent extent, uint salt)
    {
        var end = file.Length;
        var trailer = new byte[TrailerSize];
        if (!TryReadTrailer(file, extent, salt, end, trailer))
        {
            return null;
        }

        var chunks = BinaryPrimitives.ReadInt32LittleEndian(trailer.AsSpan(ChunkCount));
        var buckets = BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(BucketBytes));
        var length = end - TrailerSize - buckets - extent.DataEnd;
        if (length != HeadLength(chunks, BinaryPrimitives.ReadInt32LittleEndian(trailer.AsSpan(BucketBits))))
        {
            return null;
        }

        var head = new byte[length];
        var isRight = file.Read(head, extent.DataEnd) == length
            && BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(HeadChecksum)) == Crc32C.Append(salt, head);
        return isRight ? new SegmentIndex(Enumerable.Range(0, chunks).Select(chunk => ChunkAt(head, chunk))) : null;
    }

    /// <summary>Tells whether a footer was written to its end. Cheap, since an opening asks it of every segment.</summary>
    public static bool IsPresent(IDiskFile file, SegmentExtent extent, uint salt) =>
        TryReadTrailer(file, extent, salt, file.Length, new byte[TrailerSize]);

    private static bool TryReadTrailer(IDiskFile file, SegmentExtent extent, uint salt, long end, byte[] trailer) =>
        end >= extent.DataEnd + TrailerSize
        && file.Read(trailer, end - TrailerSize) == TrailerSize
        && BinaryPrimitives.ReadUInt64LittleEndian(trailer.AsSpan(MagicAt)) == Magic
        && BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(TrailerChecksum)) == Crc32C.Append(salt, trailer.AsSpan(0, TrailerChecksum))
        && BinaryPrimitives.ReadInt64LittleEndian(trailer.AsSpan(DataEnd)) == extent.DataEnd
        && BinaryPrimitives.ReadInt64LittleEndian(trailer.AsSpan(NextOffset)) == extent.NextOffset;

    /// <summary>The chunks, then 2^bits + 1 places of buckets.</summary>
    private static long HeadLength(int chunks, int bucketBits) => chunks * (long)ChunkSize + ((1L << bucketBits) + 1) * sizeof(uint);

    private static SegmentChunk ChunkAt(byte[] head, int chunk)
    {
        var entry = head.AsSpan(chunk * ChunkSize);
        return new SegmentChunk(BinaryPrimitives.ReadInt64LittleEndian(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[sizeof(long)..]));
    }
}
