using System.Buffers.Binary;

namespace GrainMQ.Gateway.Protocol;

/// <summary>What PUBACK, PUBREC, PUBREL and PUBCOMP share (MQTT 5 §3.4 to §3.7): a Packet Identifier and a Reason Code.</summary>
internal static class AckBody
{
    /// <summary>The most bytes that <see cref="Write"/> produces.</summary>
    public const int MaximumSize = 5;

    private static readonly PropertySet Allowed = PropertySet.Of(PropertyId.ReasonString, PropertyId.UserProperty);

    public static ReasonCode TryParse(
        ReadOnlySpan<byte> body, ProtocolVersion version, out ushort packetId, out ReasonCode reason)
    {
        reason = ReasonCode.Success;
        var reader = new PacketReader(body);
        if (!reader.TryReadUInt16(out packetId))
        {
            return ReasonCode.MalformedPacket;
        }

        if (packetId == 0)
        {
            return ReasonCode.ProtocolError; // [MQTT-2.2.1-3] (3.1.1: [MQTT-2.3.1-1])
        }

        if (reader.IsEmpty)
        {
            return ReasonCode.Success; // §3.4.2.1: no Reason Code means Success.
        }

        if (version != ProtocolVersion.Mqtt5)
        {
            return ReasonCode.MalformedPacket;
        }

        reader.TryReadByte(out var code);
        reason = (ReasonCode)code;
        if (reader.IsEmpty)
        {
            return ReasonCode.Success; // §3.4.2.2.1: no Property Length means none.
        }

        if (!reader.TryReadProperties(out var block) || !reader.IsEmpty)
        {
            return ReasonCode.MalformedPacket;
        }

        var properties = new PropertyReader(block, Allowed);
        while (properties.TryRead())
        {
            // Diagnostics of the client: checked, of no use to the exchange.
        }

        return properties.Error;
    }

    /// <summary>Writes the packet without properties; the reason stays out where it is Success or the version has none.</summary>
    public static int Write(Span<byte> destination, byte firstByte, ProtocolVersion version, ushort packetId, ReasonCode reason)
    {
        var withReason = version == ProtocolVersion.Mqtt5 && reason != ReasonCode.Success;
        destination[0] = firstByte;
        destination[1] = withReason ? (byte)3 : (byte)2;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], packetId);
        if (!withReason)
        {
            return 4;
        }

        destination[4] = (byte)reason;
        return MaximumSize;
    }
}
