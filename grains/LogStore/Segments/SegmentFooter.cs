using System.Buffers.Binary;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// The index of a sealed segment: chunks in memory, topics on the disk in buckets by the first bits of their hash, so that a topic costs two
/// small reads however many there are. It is derived from the blocks; one that is broken is made again.
/// </summary>
internal sealed class SegmentFooter : ISegmentIndex
{
    public const int TrailerSize = 48;

    private const int TopicsPerBucket = 32;
    private const ulong Magic = 0x0A0D544F_4F46514D; // "MQFOOT\r\n"
    private const int ChunkSize = 16;

    private readonly IDiskFile _file;
    private readonly uint _salt;
    private readonly byte[] _head;
    private readonly int _bucketBits;
    private readonly long _bucketsAt;

    private SegmentFooter(IDiskFile file, uint salt, byte[] head, int chunks, int bucketBits, long bucketsAt)
    {
        (_file, _salt, _head, _bucketBits, _bucketsAt) = (file, salt, head, bucketBits, bucketsAt);
        Chunks = chunks;
    }

    public int Chunks { get; }

    public int Find(long offset) => ChunkSearch.Find(Chunks, chunk => StartOf(chunk).Offset, offset);

    public (long Offset, long Position) StartOf(int chunk)
    {
        var entry = _head.AsSpan(chunk * ChunkSize);
        return (BinaryPrimitives.ReadInt64LittleEndian(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[8..]));
    }

    public bool TryAddChunks(ulong topic, ISet<int> chunks)
    {
        var bucket = BucketOf(topic, _bucketBits);
        var directory = _head.AsSpan(Chunks * ChunkSize + bucket * sizeof(uint));
        var start = BinaryPrimitives.ReadUInt32LittleEndian(directory);
        var length = (int)(BinaryPrimitives.ReadUInt32LittleEndian(directory[sizeof(uint)..]) - start);
        if (length == 0)
        {
            return true;
        }

        var bytes = new byte[length];
        if (_file.Read(bytes, _bucketsAt + start) < length
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Crc32C.Append(_salt, bytes.AsSpan(sizeof(uint))))
        {
            return false;
        }

        AddChunks(bytes.AsSpan(sizeof(uint)), topic, chunks);
        return true;
    }

    /// <summary>The whole footer, to be written behind the last block.</summary>
    public static byte[] Encode(SegmentIndex index, SegmentExtent extent, uint salt)
    {
        var bits = 0;
        while (index.TopicCount >> bits > TopicsPerBucket)
        {
            bits++;
        }

        using var buckets = new MemoryStream();
        var directory = new uint[(1 << bits) + 1];
        EncodeBuckets(index, bits, salt, directory, buckets);
        var head = new byte[index.Chunks * ChunkSize + directory.Length * sizeof(uint)];
        EncodeHead(index, directory, head);
        var trailer = new byte[TrailerSize];
        EncodeTrailer(trailer, index.Chunks, index.TopicCount, bits, (uint)buckets.Length, extent, Crc32C.Append(salt, head));
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(36), Crc32C.Append(salt, trailer.AsSpan(0, 36)));
        return [.. head, .. buckets.ToArray(), .. trailer];
    }

    /// <summary>Null: there is none for this extent, or it is broken.</summary>
    public static SegmentFooter? Read(IDiskFile file, SegmentExtent extent, uint salt)
    {
        var end = file.Length;
        var trailer = new byte[TrailerSize];
        if (!TryReadTrailer(file, extent, salt, end, trailer))
        {
            return null;
        }

        var chunks = BinaryPrimitives.ReadInt32LittleEndian(trailer);
        var bits = BinaryPrimitives.ReadInt32LittleEndian(trailer.AsSpan(8));
        var buckets = BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(12));
        var length = end - TrailerSize - buckets - extent.DataEnd;
        if (length != chunks * (long)ChunkSize + ((1L << bits) + 1) * sizeof(uint))
        {
            return null;
        }

        var head = new byte[length];
        var isRight = file.Read(head, extent.DataEnd) == length
            && BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(32)) == Crc32C.Append(salt, head);
        return isRight ? new SegmentFooter(file, salt, head, chunks, bits, extent.DataEnd + length) : null;
    }

    /// <summary>Whether a footer was written to its end; cheap, for an opening looks at every segment.</summary>
    public static bool IsPresent(IDiskFile file, SegmentExtent extent, uint salt) =>
        TryReadTrailer(file, extent, salt, file.Length, new byte[TrailerSize]);

    private static bool TryReadTrailer(IDiskFile file, SegmentExtent extent, uint salt, long end, byte[] trailer) =>
        end >= extent.DataEnd + TrailerSize
        && file.Read(trailer, end - TrailerSize) == TrailerSize
        && BinaryPrimitives.ReadUInt64LittleEndian(trailer.AsSpan(40)) == Magic
        && BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(36)) == Crc32C.Append(salt, trailer.AsSpan(0, 36))
        && BinaryPrimitives.ReadInt64LittleEndian(trailer.AsSpan(16)) == extent.DataEnd
        && BinaryPrimitives.ReadInt64LittleEndian(trailer.AsSpan(24)) == extent.NextOffset;

    private static int BucketOf(ulong topic, int bits) => bits == 0 ? 0 : (int)(topic >> (64 - bits));

    private static void EncodeBuckets(SegmentIndex index, int bits, uint salt, uint[] directory, MemoryStream buckets)
    {
        var bucket = new List<byte>();
        var current = 0;
        foreach (var (topic, chunks) in index.Topics())
        {
            while (current < BucketOf(topic, bits))
            {
                Close();
            }

            AddTopic(bucket, topic, chunks);
        }
        while (current < directory.Length - 1)
        {
            Close();
        }

        void Close()
        {
            if (bucket.Count > 0)
            {
                var entries = bucket.ToArray();
                Span<byte> checksum = stackalloc byte[sizeof(uint)];
                BinaryPrimitives.WriteUInt32LittleEndian(checksum, Crc32C.Append(salt, entries));
                buckets.Write(checksum);
                buckets.Write(entries);
                bucket.Clear();
            }
            directory[++current] = (uint)buckets.Length;
        }
    }

    private static void AddTopic(List<byte> bucket, ulong topic, List<int> chunks)
    {
        Span<byte> hash = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(hash, topic);
        bucket.AddRange(hash);
        VarInt.Write(bucket, (uint)chunks.Count);
        var previous = 0;
        foreach (var chunk in chunks)
        {
            VarInt.Write(bucket, (uint)(chunk - previous));
            previous = chunk;
        }
    }

    private static void AddChunks(ReadOnlySpan<byte> entries, ulong topic, ISet<int> chunks)
    {
        while (!entries.IsEmpty)
        {
            var isWanted = BinaryPrimitives.ReadUInt64LittleEndian(entries) == topic;
            entries = entries[sizeof(ulong)..];
            var chunk = 0u;
            for (var left = VarInt.Read(ref entries); left > 0; left--)
            {
                chunk += VarInt.Read(ref entries);
                if (isWanted)
                {
                    chunks.Add((int)chunk);
                }
            }
            if (isWanted)
            {
                return;
            }
        }
    }

    // The directory says where each bucket begins, and at its end where the last one ends.
    private static void EncodeHead(SegmentIndex index, uint[] directory, Span<byte> head)
    {
        for (var chunk = 0; chunk < index.Chunks; chunk++, head = head[ChunkSize..])
        {
            var (offset, position) = index.StartOf(chunk);
            BinaryPrimitives.WriteInt64LittleEndian(head, offset);
            BinaryPrimitives.WriteInt64LittleEndian(head[8..], position);
        }
        foreach (var start in directory)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(head, start);
            head = head[sizeof(uint)..];
        }
    }

    private static void EncodeTrailer(Span<byte> trailer, int chunks, int topics, int bits, uint buckets, SegmentExtent extent, uint headChecksum)
    {
        BinaryPrimitives.WriteInt32LittleEndian(trailer, chunks);
        BinaryPrimitives.WriteInt32LittleEndian(trailer[4..], topics);
        BinaryPrimitives.WriteInt32LittleEndian(trailer[8..], bits);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[12..], buckets);
        BinaryPrimitives.WriteInt64LittleEndian(trailer[16..], extent.DataEnd);
        BinaryPrimitives.WriteInt64LittleEndian(trailer[24..], extent.NextOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[32..], headChecksum);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[40..], Magic);
    }
}
