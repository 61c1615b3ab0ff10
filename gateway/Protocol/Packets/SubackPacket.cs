namespace GrainMQ.Gateway.Protocol;

/// <summary>The answer to SUBSCRIBE (MQTT 5 §3.9).</summary>
public static class SubackPacket
{
    private const byte FirstByte = 0x90;

    /// <summary>Encodes the packet in an array of exactly its size.</summary>
    /// <param name="version">Before MQTT 5 every failure is 0x80.</param>
    /// <param name="packetId">That of the SUBSCRIBE. [MQTT-3.8.4-2]</param>
    /// <param name="reasons">One per entry of the SUBSCRIBE, in its order. [MQTT-3.8.4-6], [MQTT-3.9.3-1]</param>
    /// <param name="maximumPacketSize">The client's limit; diagnostics that do not fit are left out. [MQTT-3.9.2-1], [MQTT-3.9.2-2]</param>
    /// <param name="diagnostics">Not sent before MQTT 5.</param>
    /// <returns>Null where the packet is larger than the client accepts.</returns>
    public static byte[]? Encode(
        ProtocolVersion version,
        ushort packetId,
        ReadOnlySpan<ReasonCode> reasons,
        uint maximumPacketSize = uint.MaxValue,
        Diagnostics diagnostics = default)
    {
        ReadOnlySpan<byte> head = [(byte)(packetId >> 8), (byte)packetId];
        var payload = new byte[reasons.Length];
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] = version != ProtocolVersion.Mqtt5 && reasons[i].IsError() ? ReasonCodes.SubackFailure : (byte)reasons[i];
        }

        return version == ProtocolVersion.Mqtt5
            ? PacketFrame.Encode(FirstByte, head, new PropertyWriter(), diagnostics, payload, maximumPacketSize)
            : PacketFrame.Encode(FirstByte, head, payload, maximumPacketSize);
    }
}
