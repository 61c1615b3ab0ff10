using GrainMQ.Tests.Conformance.Notation;

namespace GrainMQ.Tests.Conformance.Rows;

/// <summary>Takes the properties out of an MQTT 5 packet of the server, each with its identifier (§2.2.2).</summary>
public static class PacketProperties
{
    /// <exception cref="FormatException">The packet's properties cannot be told apart.</exception>
    public static List<byte[]> Of(ReadOnlySpan<byte> packet)
    {
        var block = Block(packet);
        var properties = new List<byte[]>();
        while (!block.IsEmpty)
        {
            var length = 1 + ValueLength(block[0], block[1..]);
            properties.Add(block[..length].ToArray());
            block = block[length..];
        }
        return properties;
    }

    private static ReadOnlySpan<byte> Block(ReadOnlySpan<byte> packet)
    {
        var flags = packet[0];
        var body = packet[1..];
        if (!VariableByteInteger.TryRead(ref body, out _))
        {
            throw new FormatException("The remaining length is wrong.");
        }

        body = body[Math.Min(BytesBefore(flags, body), body.Length)..];
        // acknowledgements, DISCONNECT and AUTH may end before their properties
        if (body.IsEmpty)
        {
            return default;
        }

        if (!VariableByteInteger.TryRead(ref body, out var length) || length > body.Length)
        {
            throw new FormatException("The property length is wrong.");
        }

        return body[..length];
    }

    private static int BytesBefore(byte flags, ReadOnlySpan<byte> body) => (flags >> 4) switch
    {
        2 => 2,
        3 => 2 + (body[0] << 8 | body[1]) + ((flags & 0x06) == 0 ? 0 : 2),
        4 or 5 or 6 or 7 => 3,
        9 or 11 => 2,
        14 or 15 => 1,
        var type => throw new FormatException($"Packet type {type} has no properties."),
    };

    private static int ValueLength(byte identifier, ReadOnlySpan<byte> value)
    {
        switch (identifier)
        {
            case 0x01 or 0x17 or 0x19 or 0x24 or 0x25 or 0x28 or 0x29 or 0x2A:
                return 1;
            case 0x13 or 0x21 or 0x22 or 0x23:
                return 2;
            case 0x02 or 0x11 or 0x18 or 0x27:
                return 4;
            case 0x03 or 0x08 or 0x09 or 0x12 or 0x15 or 0x16 or 0x1A or 0x1C or 0x1F:
                return TwoByteLength(value);
            case 0x26:
                var name = TwoByteLength(value);
                return name + TwoByteLength(value[name..]);
            case 0x0B:
                var rest = value;
                return VariableByteInteger.TryRead(ref rest, out _)
                    ? value.Length - rest.Length
                    : throw new FormatException("A bad subscription identifier.");
            default:
                throw new FormatException($"Property {identifier:X2} does not exist.");
        }
    }

    private static int TwoByteLength(ReadOnlySpan<byte> value) => 2 + (value[0] << 8 | value[1]);
}
