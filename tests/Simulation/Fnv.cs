using System.Runtime.InteropServices;

namespace GrainMQ.Tests.Simulation;

/// <summary>The 64-bit FNV-1a hash: the same in every process, and good enough to compare contents and to draw from a seed.</summary>
internal static class Fnv
{
    public const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public static ulong Add(ulong hash, ulong value)
    {
        for (var shift = 0; shift < 64; shift += 8)
        {
            hash = (hash ^ (byte)(value >> shift)) * Prime;
        }

        return hash;
    }

    public static ulong Hash(ReadOnlySpan<byte> bytes, ulong hash = Offset)
    {
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * Prime;
        }

        return hash;
    }

    public static ulong Hash(string text, ulong hash = Offset) => Add(Hash(MemoryMarshal.AsBytes(text.AsSpan()), hash), (ulong)text.Length);
}
