namespace GrainMQ.Gateway.Protocol;

/// <summary>Puts together the packets that are sent rarely: each into an array of exactly its size.</summary>
internal static class PacketFrame
{
    /// <summary>A packet without properties.</summary>
    /// <returns>Null where the packet is larger than the receiver accepts. [MQTT-3.1.2-24]</returns>
    public static byte[]? Encode(byte firstByte, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, uint maximumPacketSize)
    {
        var body = head.Length + payload.Length;
        if (Size(body) > maximumPacketSize)
        {
            return null;
        }

        var frame = new byte[Size(body)];
        var rest = WriteHeader(frame, firstByte, body);
        head.CopyTo(rest);
        payload.CopyTo(rest[head.Length..]);
        return frame;
    }

    /// <summary>
    /// A packet with properties. The Reason String and the User Properties are included as far as the packet stays within
    /// <paramref name="maximumPacketSize"/>.
    /// </summary>
    /// <returns>Null where even the packet without them is larger than the receiver accepts. [MQTT-3.1.2-24]</returns>
    public static byte[]? Encode(
        byte firstByte,
        ReadOnlySpan<byte> head,
        PropertyWriter properties,
        Diagnostics diagnostics,
        ReadOnlySpan<byte> payload,
        uint maximumPacketSize)
    {
        var withoutProperties = head.Length + payload.Length;
        var reason = new PropertyWriter();
        reason.Add(PropertyId.ReasonString, diagnostics.ReasonString);
        AddIfFits(properties, reason, withoutProperties, maximumPacketSize);

        var user = new PropertyWriter();
        user.Add(diagnostics.UserProperties);
        AddIfFits(properties, user, withoutProperties, maximumPacketSize);

        Span<byte> length = stackalloc byte[VariableByteInteger.MaximumLength];
        length = length[..VariableByteInteger.Write(length, (uint)properties.Block.Length)];
        return Encode(firstByte, [.. head, .. length, .. properties.Block], payload, maximumPacketSize);
    }

    private static void AddIfFits(PropertyWriter properties, PropertyWriter optional, int withoutProperties, uint maximumPacketSize)
    {
        var block = properties.Block.Length + optional.Block.Length;
        var body = withoutProperties + VariableByteInteger.Size((uint)block) + block;
        if (Size(body) <= maximumPacketSize)
        {
            properties.Add(optional);
        }
    }

    private static long Size(int body) => 1L + VariableByteInteger.Size((uint)body) + body;

    private static Span<byte> WriteHeader(Span<byte> frame, byte firstByte, int body)
    {
        frame[0] = firstByte;
        return frame[(1 + VariableByteInteger.Write(frame[1..], (uint)body))..];
    }
}
