using System.Buffers.Binary;

namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// The hash by which sealed segments find a topic; part of the format. Topics that collide only make a reader look at records that it did
/// not ask for.
/// </summary>
public static class TopicHash
{
    private const ulong Seed = 0x9E3779B97F4A7C15;
    private const ulong Body = 0xBF58476D1CE4E5B9;
    private const ulong End = 0x94D049BB133111EB;

    public static ulong Of(ReadOnlySpan<byte> topic)
    {
        var state = Seed ^ (ulong)topic.Length;
        for (; topic.Length >= sizeof(ulong); topic = topic[sizeof(ulong)..])
        {
            state = Fold(state ^ BinaryPrimitives.ReadUInt64LittleEndian(topic), Body);
        }

        Span<byte> tail = stackalloc byte[sizeof(ulong)];
        topic.CopyTo(tail);
        return Fold(state ^ BinaryPrimitives.ReadUInt64LittleEndian(tail), End);
    }

    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }
}
