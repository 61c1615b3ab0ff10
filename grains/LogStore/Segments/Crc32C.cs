using System.Buffers.Binary;
using System.Numerics;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>CRC-32C (Castagnoli): the processor computes it, 8 bytes at a time.</summary>
internal static class Crc32C
{
    /// <param name="seed">The checksum of what comes before, or a salt.</param>
    /// <param name="bytes">What is added to it.</param>
    public static uint Append(uint seed, ReadOnlySpan<byte> bytes)
    {
        var crc = ~seed;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
