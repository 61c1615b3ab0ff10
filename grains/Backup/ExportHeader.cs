using System.Buffers.Binary;
using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.Backup;

/// <summary>The first bytes of an export. They stay as they are in every version, so that each can name the others.</summary>
/// <param name="Version">Of all that follows.</param>
/// <param name="Created">Unix milliseconds.</param>
/// <param name="Salt">Random; every checksum of the blocks starts from it.</param>
internal readonly record struct ExportHeader(int Version, long Created, uint Salt)
{
    public const int Size = 32;

    /// <summary>Rises with every change that a reader of the version before would get wrong.</summary>
    public const int CurrentVersion = 2;

    private const int Checksum = 28;

    public static ReadOnlySpan<byte> Magic => "GMQEXP\r\n"u8;

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Created);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Checksum), Crc32C.Append(0, bytes.AsSpan(0, Checksum)));
        return bytes;
    }

    /// <summary>False: they are not those that were written.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ExportHeader header)
    {
        header = new ExportHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[Checksum..]) == Crc32C.Append(0, bytes[..Checksum]);
    }
}
