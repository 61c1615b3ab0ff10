using System.Buffers.Binary;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// The one file that says what belongs to a log and who may write it. It is replaced as a whole, so that it is never torn; a file
/// of the log that it does not name does not count, one that it names and that is missing is a loss and is reported.
/// </summary>
/// <param name="Epoch">Of the writer.</param>
/// <param name="FirstOffset">The oldest record that is kept.</param>
/// <param name="Hlc">The highest clock value before the last segment.</param>
/// <param name="Snapshot">Null when there is none.</param>
/// <param name="Segments">In the order of their offsets.</param>
internal sealed record Manifest(long Epoch, long FirstOffset, ulong Hlc, SnapshotEntry? Snapshot, SegmentEntry[] Segments)
{
    public const string FileName = "manifest";

    private const int HeaderSize = 96;
    private const int Checksum = 16;

    public static Manifest Empty { get; } = new(0, 0, 0, null, []);

    private static ReadOnlySpan<byte> Magic => "GMQMAN\r\n"u8;

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderSize + Segments.Length * SegmentEntry.Size];
        using var writer = new BinaryWriter(new MemoryStream(bytes)); // little-endian
        writer.Write(Magic);
        writer.Write(StorageFormat.Version);
        writer.Write(bytes.Length);
        writer.Write(0L); // the checksum comes last
        writer.Write(Epoch);
        writer.Write(FirstOffset);
        writer.Write(Hlc);
        (Snapshot ?? SnapshotEntry.None).WriteTo(writer);
        writer.Write(Segments.Length);
        writer.Write(0L); // the format has room for producers, behind the segments, which no version wrote
        foreach (var segment in Segments)
        {
            segment.WriteTo(writer);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Checksum), ChecksumOf(bytes));
        return bytes;
    }

    /// <returns>Null, with why not in one sentence, when the file cannot be used.</returns>
    public static Manifest? Read(byte[] bytes, out string why)
    {
        why = "its bytes are not those that were written; restore the directory from a backup, or move it away to begin anew without what it held";
        if (bytes.Length < HeaderSize || !bytes.AsSpan().StartsWith(Magic))
        {
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(bytes, Magic.Length, bytes.Length - Magic.Length));
        var version = reader.ReadInt32();
        var isWhole = reader.ReadInt32() == bytes.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Checksum)) == ChecksumOf(bytes);
        if (version > StorageFormat.Version)
        {
            why = $"it has format version {version} and this build reads up to version {StorageFormat.Version}; use the build that wrote it or a newer one";
            return null;
        }
        return isWhole ? Read(reader) : null;
    }

    private static Manifest Read(BinaryReader reader)
    {
        reader.ReadInt64();
        var (epoch, first, hlc) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadUInt64());
        var snapshot = SnapshotEntry.Read(reader);
        var segments = new SegmentEntry[reader.ReadInt32()];
        reader.ReadInt64();
        for (var i = 0; i < segments.Length; i++)
        {
            segments[i] = SegmentEntry.Read(reader);
        }

        return new Manifest(epoch, first, hlc, snapshot.IsNone ? null : snapshot, segments);
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> bytes) =>
        Crc32C.Append(Crc32C.Append(0, bytes[..Checksum]), bytes[(Checksum + sizeof(uint))..]);
}

/// <param name="BaseOffset">Offset of its first record.</param>
/// <param name="Epoch">Under which it was begun.</param>
/// <param name="EndOffset">Offset after the last record; -1: the segment is written to, a scan finds its end.</param>
/// <param name="DataEnd">Position after the last block, where the footer begins; only with an end offset.</param>
/// <param name="Created">Unix milliseconds.</param>
/// <param name="Salt">Random; every checksum of the file starts from it.</param>
internal sealed record SegmentEntry(long BaseOffset, long Epoch, long EndOffset, long DataEnd, long Created, uint Salt)
{
    public const int Size = 48;
    public const long Open = -1;

    public string FileName => $"{BaseOffset:d19}-{Epoch}.segment";

    public bool IsOpen => EndOffset == Open;

    public void WriteTo(BinaryWriter writer)
    {
        writer.Write(BaseOffset);
        writer.Write(Epoch);
        writer.Write(EndOffset);
        writer.Write(DataEnd);
        writer.Write(Created);
        writer.Write((ulong)Salt); // and u32 0
    }

    public static SegmentEntry Read(BinaryReader reader) => new(
        reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), (uint)reader.ReadUInt64());
}

/// <param name="Offset">Every record of the log below it is in the snapshot.</param>
/// <param name="Epoch">Under which it was begun.</param>
/// <param name="DataEnd">Position after the last block.</param>
/// <param name="Count">Records of the snapshot, whose own offsets begin at 0.</param>
/// <param name="Salt">Random; every checksum of the file starts from it.</param>
internal sealed record SnapshotEntry(long Offset, long Epoch, long DataEnd, long Count, uint Salt)
{
    /// <summary>Stands in a manifest of a log without a snapshot.</summary>
    public static SnapshotEntry None { get; } = new(-1, 0, 0, 0, 0);

    public bool IsNone => Offset < 0;

    /// <summary>With the salt, for one epoch may write two snapshots at the same offset.</summary>
    public string FileName => $"{Offset:d19}-{Salt:x8}.snapshot";

    public SegmentEntry AsSegment => new(0, Epoch, Count, DataEnd, 0, Salt);

    public void WriteTo(BinaryWriter writer)
    {
        writer.Write(Offset);
        writer.Write(Epoch);
        writer.Write(DataEnd);
        writer.Write(Count);
        writer.Write(Salt);
    }

    public static SnapshotEntry Read(BinaryReader reader) =>
        new(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadUInt32());
}
