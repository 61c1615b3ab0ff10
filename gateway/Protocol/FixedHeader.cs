namespace GrainMQ.Gateway.Protocol;

/// <summary>The first bytes of every packet (MQTT 5 §2.1).</summary>
/// <param name="Type">The Control Packet type.</param>
/// <param name="Flags">The lower four bits of the first byte.</param>
/// <param name="HeaderLength">Bytes of the header itself: 2 to 5.</param>
/// <param name="BodyLength">Remaining Length: the bytes that follow the header.</param>
public readonly record struct FixedHeader(PacketType Type, byte Flags, int HeaderLength, int BodyLength)
{
    /// <summary>The largest packet that has an encoding, in bytes: no Remaining Length is longer. §2.1.4</summary>
    public const int LargestPacket = 1 + VariableByteInteger.MaximumLength + VariableByteInteger.Maximum;

    /// <summary>Header and body together, in bytes.</summary>
    public int PacketLength => HeaderLength + BodyLength;

    /// <summary>
    /// Reads the header of a packet that a client sent. Ok as soon as the header is complete; the body may still be missing.
    /// </summary>
    /// <param name="input">What was received, from the first byte of a packet.</param>
    /// <param name="maximumPacketSize">The largest packet to accept, header included, in bytes.</param>
    /// <param name="header">The header when the result is Ok.</param>
    /// <param name="version">The connection's version: MQTT 3.1 allows DUP on more packets, AUTH exists in 5 only.</param>
    /// <returns>Malformed for packet types that a client must not send and for flags other than the reserved values.</returns>
    public static ReadStatus TryRead(
        ReadOnlySpan<byte> input,
        int maximumPacketSize,
        out FixedHeader header,
        ProtocolVersion version = ProtocolVersion.Mqtt5)
    {
        header = default;
        if (input.IsEmpty)
        {
            return ReadStatus.NeedMore;
        }

        var type = (PacketType)(input[0] >> 4);
        var flags = (byte)(input[0] & 0x0F);
        if (!IsAllowed(type, flags, version))
        {
            return ReadStatus.Malformed;
        }

        var status = VariableByteInteger.TryRead(input[1..], out var bodyLength, out var lengthBytes);
        if (status != ReadStatus.Ok)
        {
            return status;
        }

        header = new FixedHeader(type, flags, 1 + lengthBytes, (int)bodyLength);
        return header.PacketLength > maximumPacketSize ? ReadStatus.TooLarge : ReadStatus.Ok;
    }

    // [MQTT-2.1.3-1] (3.1.1: [MQTT-2.2.2-2]): reserved flags have the values of table 2-2. The flags of PUBLISH are its own.
    private static bool IsAllowed(PacketType type, byte flags, ProtocolVersion version) => type switch
    {
        PacketType.Publish => true,
        PacketType.Pubrel or PacketType.Subscribe or PacketType.Unsubscribe => flags == 0b0010
            || (flags == 0b1010 && version == ProtocolVersion.Mqtt31), // 3.1 §3.6, §3.8, §3.10: DUP marks a repeated one.
        PacketType.Connect or PacketType.Puback or PacketType.Pubrec or PacketType.Pubcomp
            or PacketType.Pingreq or PacketType.Disconnect => flags == 0,
        PacketType.Auth => flags == 0 && version == ProtocolVersion.Mqtt5, // [MQTT-3.15.1-1]
        _ => false,
    };
}
