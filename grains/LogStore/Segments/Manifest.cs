using System.Buffers.Binary;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// The one file that says what belongs to a log and who may write it. It is replaced as a whole, so that it is never torn; a file
/// of the log that it does not name does not count, one that it names and that is missing is a loss and is reported.
/// </summary>
internal sealed record Manifest(
    long Epoch, long FirstOffset, ulong Hlc, SnapshotEntry? Snapshot, SegmentEntry[] Segments, ProducerEntry[] Producers)
{
    public const string FileName = "manifest";

    private const int HeaderSize = 96;
    private const int SegmentSize = 48;
    private const int ProducerSize = 24;
    private const int Checksum = 16;

    public static Manifest Empty { get; } = new(0, 0, 0, null, [], []);

    private static ReadOnlySpan<byte> Magic => "GMQMAN\r\n"u8;

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderSize + Segments.Length * SegmentSize + Producers.Length * ProducerSize];
        Magic.CopyTo(bytes);
        var writer = new FieldWriter(bytes.AsSpan(8));
        writer.Int32(StorageFormat.Version);
        writer.Int32(bytes.Length);
        writer.Int64(0); // the checksum comes last
        writer.Int64(Epoch);
        writer.Int64(FirstOffset);
        writer.Int64((long)Hlc);
        writer.Int64(Snapshot?.Offset ?? -1);
        writer.Int64(Snapshot?.Epoch ?? 0);
        writer.Int64(Snapshot?.DataEnd ?? 0);
        writer.Int64(Snapshot?.Count ?? 0);
        writer.Int32((int)(Snapshot?.Salt ?? 0));
        writer.Int32(Segments.Length);
        writer.Int32(Producers.Length);
        writer.Int32(0);
        foreach (var segment in Segments)
        {
            segment.WriteTo(ref writer);
        }

        foreach (var producer in Producers)
        {
            producer.WriteTo(ref writer);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Checksum), ChecksumOf(bytes));
        return bytes;
    }

    /// <returns>Null, with why not in one sentence, when the file cannot be used.</returns>
    public static Manifest? Read(ReadOnlySpan<byte> bytes, out string why)
    {
        why = "its bytes are not those that were written; restore the directory from a backup, or move it away to begin anew without what it held";
        if (bytes.Length < HeaderSize || !bytes.StartsWith(Magic))
        {
            return null;
        }

        var reader = new FieldReader(bytes[8..]);
        var version = reader.Int32();
        var isWhole = reader.Int32() == bytes.Length && BinaryPrimitives.ReadUInt32LittleEndian(bytes[Checksum..]) == ChecksumOf(bytes);
        if (version > StorageFormat.Version)
        {
            why = $"it has format version {version} and this build reads up to version {StorageFormat.Version}; use the build that wrote it or a newer one";
            return null;
        }
        return isWhole ? Read(ref reader) : null;
    }

    private static Manifest Read(ref FieldReader reader)
    {
        reader.Int64();
        var (epoch, first, hlc) = (reader.Int64(), reader.Int64(), (ulong)reader.Int64());
        var snapshot = new SnapshotEntry(reader.Int64(), reader.Int64(), reader.Int64(), reader.Int64(), (uint)reader.Int32());
        var segments = new SegmentEntry[reader.Int32()];
        var producers = new ProducerEntry[reader.Int32()];
        reader.Int32();
        for (var i = 0; i < segments.Length; i++)
        {
            segments[i] = SegmentEntry.Read(ref reader);
        }

        for (var i = 0; i < producers.Length; i++)
        {
            producers[i] = ProducerEntry.Read(ref reader);
        }

        return new Manifest(epoch, first, hlc, snapshot.Offset < 0 ? null : snapshot, segments, producers);
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> bytes) =>
        Crc32C.Append(Crc32C.Append(0, bytes[..Checksum]), bytes[(Checksum + sizeof(uint))..]);
}

/// <param name="EndOffset">Offset after the last record; -1: the segment is written to, a scan finds its end.</param>
/// <param name="DataEnd">Position after the last block, where the footer begins; only with an end offset.</param>
internal sealed record SegmentEntry(long BaseOffset, long Epoch, long EndOffset, long DataEnd, long Created, uint Salt)
{
    public const long Open = -1;

    public string FileName => $"{BaseOffset:d19}-{Epoch}.segment";

    public bool IsOpen => EndOffset == Open;

    public void WriteTo(ref FieldWriter writer)
    {
        writer.Int64(BaseOffset);
        writer.Int64(Epoch);
        writer.Int64(EndOffset);
        writer.Int64(DataEnd);
        writer.Int64(Created);
        writer.Int32((int)Salt);
        writer.Int32(0);
    }

    public static SegmentEntry Read(ref FieldReader reader)
    {
        var entry = new SegmentEntry(
            reader.Int64(), reader.Int64(), reader.Int64(), reader.Int64(), reader.Int64(), (uint)reader.Int32());
        reader.Int32();
        return entry;
    }
}

/// <param name="Offset">Every record of the log below it is in the snapshot.</param>
/// <param name="Count">Records of the snapshot, whose own offsets begin at 0.</param>
internal sealed record SnapshotEntry(long Offset, long Epoch, long DataEnd, long Count, uint Salt)
{
    /// <summary>With the salt, for one epoch may write two snapshots at the same offset.</summary>
    public string FileName => $"{Offset:d19}-{Salt:x8}.snapshot";

    public SegmentEntry AsSegment => new(0, Epoch, Count, DataEnd, 0, Salt);
}

/// <summary>The last batch of a producer and the offset of its first record.</summary>
public readonly record struct ProducerEntry(ulong Producer, ulong Sequence, long Offset)
{
    internal void WriteTo(ref FieldWriter writer)
    {
        writer.Int64((long)Producer);
        writer.Int64((long)Sequence);
        writer.Int64(Offset);
    }

    internal static ProducerEntry Read(ref FieldReader reader) => new((ulong)reader.Int64(), (ulong)reader.Int64(), reader.Int64());
}
