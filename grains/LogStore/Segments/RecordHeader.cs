using System.Buffers.Binary;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>What stands before the properties and the payload of one record.</summary>
/// <param name="Length">Bytes of the record, this header included.</param>
/// <param name="Type">The writer's own.</param>
/// <param name="Flags">The writer's own.</param>
/// <param name="TopicLength">Bytes of a topic before the properties: 0 in all that is written; a reader skips them.</param>
/// <param name="PropertiesLength">Bytes of the properties.</param>
/// <param name="Hlc">Hybrid logical clock, 0 for none.</param>
internal readonly record struct RecordHeader(int Length, byte Type, byte Flags, int TopicLength, int PropertiesLength, ulong Hlc)
{
    public const int Size = 20;

    public void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Length);
        bytes[4] = Type;
        bytes[5] = Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], (ushort)TopicLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], PropertiesLength);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[12..], Hlc);
    }

    /// <exception cref="InvalidDataException">Lengths that do not fit: the writer was wrong, for the block's checksum was right.</exception>
    public static RecordHeader Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
        {
            throw new InvalidDataException("A block of the log ends inside a record.");
        }

        var header = new RecordHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes), bytes[4], bytes[5], BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]));
        if (header.Length > bytes.Length || header.PropertiesLength < 0
            || header.TopicLength + (long)header.PropertiesLength > header.Length - Size)
        {
            throw new InvalidDataException("A record of the log is longer than its block.");
        }

        return header;
    }
}
