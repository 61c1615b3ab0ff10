using System.Buffers.Binary;
using System.Security.Cryptography;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Keyed hash of one topic level. The keys are random per process, so that no client can craft levels that collide; two levels that do
/// collide share a node, and the entries under it are told apart by their filters.
/// </summary>
internal static class LevelHash
{
    /// <summary>The value that stands for the level <c>+</c>; no literal level has it.</summary>
    public const uint SingleLevelWildcard = 0;

    private static readonly ulong StartKey = RandomKey();
    private static readonly ulong BodyKey = RandomKey();
    private static readonly ulong TailKey = RandomKey();

    public static uint Of(ReadOnlySpan<byte> level, uint mask)
    {
        // The length goes into the multiplier: added to the data it would make "b" and "ab" alike.
        var lastKey = TailKey ^ (ulong)level.Length << 8;
        var state = StartKey;
        while (level.Length >= sizeof(ulong))
        {
            state = Fold(state ^ BinaryPrimitives.ReadUInt64LittleEndian(level), BodyKey);
            level = level[sizeof(ulong)..];
        }

        var hash = Fold(state ^ Tail(level), lastKey);
        return Math.Max((uint)(hash ^ (hash >> 32)) & mask, SingleLevelWildcard + 1);
    }

    /// <summary>Folds a 128-bit product to 64 bits: every input bit reaches every output bit in one multiplication.</summary>
    public static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }

    private static ulong Tail(ReadOnlySpan<byte> tail) => tail.Length switch
    {
        0 => 0,
        < 4 => tail[0] | (ulong)tail[tail.Length / 2] << 8 | (ulong)tail[^1] << 16,
        _ => BinaryPrimitives.ReadUInt32LittleEndian(tail) | (ulong)BinaryPrimitives.ReadUInt32LittleEndian(tail[^4..]) << 32,
    };

    private static ulong RandomKey()
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(key);
        return BinaryPrimitives.ReadUInt64LittleEndian(key) | 1;
    }
}
