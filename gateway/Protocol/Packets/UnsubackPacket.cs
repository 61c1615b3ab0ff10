using System.Runtime.InteropServices;

namespace GrainMQ.Gateway.Protocol;

/// <summary>The answer to UNSUBSCRIBE (MQTT 5 §3.11).</summary>
public static class UnsubackPacket
{
    private const byte FirstByte = 0xB0;

    /// <summary>Encodes the packet in an array of exactly its size.</summary>
    /// <param name="version">Before MQTT 5 the packet has no reasons.</param>
    /// <param name="packetId">That of the UNSUBSCRIBE. [MQTT-3.10.4-5]</param>
    /// <param name="reasons">One per filter of the UNSUBSCRIBE, in its order. [MQTT-3.11.3-1]</param>
    /// <param name="maximumPacketSize">
    /// The client's limit; diagnostics that do not fit are left out. [MQTT-3.11.2-1], [MQTT-3.11.2-2]
    /// </param>
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
        if (version != ProtocolVersion.Mqtt5)
        {
            return PacketFrame.Encode(FirstByte, head, [], maximumPacketSize);
        }

        var payload = MemoryMarshal.AsBytes(reasons);
        return PacketFrame.Encode(FirstByte, head, new PropertyWriter(), diagnostics, payload, maximumPacketSize);
    }
}
