using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>[MQTT-3.7.2-1]</summary>
public sealed class PubcompPacketTests : AckPacketTests
{
    protected override byte FirstByte => 0x70;

    protected override ReasonCode[] Codes => [ReasonCode.Success, ReasonCode.PacketIdentifierNotFound];

    protected override ReasonCode Parse(ReadOnlySpan<byte> body, ProtocolVersion version, out ushort packetId, out ReasonCode reason)
    {
        var result = PubcompPacket.TryParse(body, version, out var packet);
        (packetId, reason) = packet;
        return result;
    }

    protected override int Write(Span<byte> destination, ProtocolVersion version, ushort packetId, ReasonCode reason) =>
        PubcompPacket.Write(destination, version, packetId, reason);
}
