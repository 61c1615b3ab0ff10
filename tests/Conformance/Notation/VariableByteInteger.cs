namespace GrainMQ.Tests.Conformance.Notation;

/// <summary>A reader of its own, so that a fault of the codec under test cannot hide itself.</summary>
internal static class VariableByteInteger
{
    /// <summary>False when the bytes end, when there are more than four of them, or when fewer would have done. [MQTT-1.5.5-1]</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, out int value)
    {
        value = 0;
        for (var i = 0; i < Math.Min(4, bytes.Length); i++)
        {
            value |= (bytes[i] & 0x7F) << (7 * i);
            if ((bytes[i] & 0x80) != 0)
            {
                continue;
            }

            var shortest = i == 0 || bytes[i] != 0;
            bytes = bytes[(i + 1)..];
            return shortest;
        }
        return false;
    }
}
