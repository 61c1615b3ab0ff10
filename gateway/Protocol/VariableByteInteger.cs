namespace GrainMQ.Gateway.Protocol;

/// <summary>The Variable Byte Integer of MQTT 5 §1.5.5 (the Remaining Length encoding of 3.1 and 3.1.1).</summary>
public static class VariableByteInteger
{
    /// <summary>The largest value that four bytes carry.</summary>
    public const int Maximum = 268_435_455;

    /// <summary>The most bytes that an encoding may take.</summary>
    public const int MaximumLength = 4;

    private const byte More = 0x80;

    /// <summary>Reads the value at the start of <paramref name="input"/>; <paramref name="length"/> is the bytes it takes.</summary>
    /// <returns>Malformed for a fifth byte or an encoding longer than the value needs.</returns>
    public static ReadStatus TryRead(ReadOnlySpan<byte> input, out uint value, out int length)
    {
        value = 0;
        for (length = 0; length < input.Length;)
        {
            var current = input[length];
            value |= (uint)(current & 0x7F) << (7 * length++);
            if ((current & More) == 0)
            {
                // [MQTT-1.5.5-1]: the minimum number of bytes, so a last byte of zero after others is malformed.
                return current == 0 && length > 1 ? ReadStatus.Malformed : ReadStatus.Ok;
            }

            if (length == MaximumLength)
            {
                return ReadStatus.Malformed;
            }
        }

        return ReadStatus.NeedMore;
    }

    /// <summary>Writes <paramref name="value"/> and returns the bytes written.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is above <see cref="Maximum"/>.</exception>
    public static int Write(Span<byte> destination, uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, (uint)Maximum);
        var length = 0;
        while (value > 0x7F)
        {
            destination[length++] = (byte)(value | More);
            value >>= 7;
        }

        destination[length++] = (byte)value;
        return length;
    }

    /// <summary>The bytes that <paramref name="value"/> takes: 1 to 4.</summary>
    public static int Size(uint value) => value switch
    {
        < 1u << 7 => 1,
        < 1u << 14 => 2,
        < 1u << 21 => 3,
        _ => 4,
    };
}
