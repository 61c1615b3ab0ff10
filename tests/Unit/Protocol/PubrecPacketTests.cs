using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>[MQTT-3.5.2-1]</summary>
public sealed class PubrecPacketTests : AckPacketTests
{
    protected override byte FirstByte => 0x50;

    protected override ReasonCode[] Codes =>
    [
        ReasonCode.Success, ReasonCode.NoMatchingSubscribers, ReasonCode.UnspecifiedError, ReasonCode.ImplementationSpecificError,
        ReasonCode.NotAuthorized, ReasonCode.TopicNameInvalid, ReasonCode.PacketIdentifierInUse, ReasonCode.QuotaExceeded,
        ReasonCode.PayloadFormatInvalid,
    ];

    protected override ReasonCode Parse(ReadOnlySpan<byte> body, ProtocolVersion version, out ushort packetId, out ReasonCode reason)
    {
        var result = PubrecPacket.TryParse(body, version, out var packet);
        (packetId, reason) = packet;
        return result;
    }

    protected override int Write(Span<byte> destination, ProtocolVersion version, ushort packetId, ReasonCode reason) =>
        PubrecPacket.Write(destination, version, packetId, reason);
}
