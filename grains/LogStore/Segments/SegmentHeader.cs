using System.Buffers.Binary;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>The first bytes of a segment or snapshot. The manifest repeats what is needed to read the rest, so that a broken header costs nothing.</summary>
/// <param name="Kind">What the records are.</param>
/// <param name="Epoch">Epoch of the log under which the file was begun; one epoch writes to it.</param>
/// <param name="BaseOffset">Offset of the first record; of a snapshot: of the first record that it does not contain.</param>
/// <param name="Created">Unix milliseconds.</param>
/// <param name="Salt">Random; every checksum of the file starts from it.</param>
internal readonly record struct SegmentHeader(SegmentKind Kind, long Epoch, long BaseOffset, long Created, uint Salt)
{
    public const int Size = 48;

    private const int Checksum = 44;

    private static ReadOnlySpan<byte> Magic => "GMQLOG\r\n"u8;

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), StorageFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), (int)Kind);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), BaseOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), Created);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(40), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Checksum), Crc32C.Append(0, bytes.AsSpan(0, Checksum)));
        return bytes;
    }
}

internal enum SegmentKind
{
    Log = 1,
    Snapshot = 2,
}
