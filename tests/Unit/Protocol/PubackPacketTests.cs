using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>[MQTT-3.4.2-1]</summary>
public sealed class PubackPacketTests : AckPacketTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("40020001", 4)]
    [InlineData("400200014002FFFF40020100", 12)]
    [InlineData("4002000140020002400200", 8)] // the third one is not whole
    [InlineData("40020001C000", 4)]
    [InlineData("C00040020001", 0)]
    [InlineData("4002000140020000", 4)] // [MQTT-2.2.1-3]: the parser refuses it
    [InlineData("400200014003000210", 4)] // with a Reason Code
    [InlineData("40020001410200024002", 4)] // [MQTT-2.1.3-1]: flags
    [InlineData("400200015002000240020003", 4)]
    public void ARunIsThePubacksWithoutReasonCodeAtTheFront(string input, int length) =>
        Assert.Equal(length, PubackPacket.RunLength(Convert.FromHexString(input)));

    [Fact]
    public void AnIdentifierOfARunIsThatOfThePacketAlone() => Assert.Equal(0x1234, PubackPacket.PacketIdOf([0x40, 2, 0x12, 0x34, 0x40, 2, 0, 1]));

    protected override byte FirstByte => 0x40;

    protected override ReasonCode[] Codes =>
    [
        ReasonCode.Success, ReasonCode.NoMatchingSubscribers, ReasonCode.UnspecifiedError, ReasonCode.ImplementationSpecificError,
        ReasonCode.NotAuthorized, ReasonCode.TopicNameInvalid, ReasonCode.PacketIdentifierInUse, ReasonCode.QuotaExceeded,
        ReasonCode.PayloadFormatInvalid,
    ];

    protected override ReasonCode Parse(ReadOnlySpan<byte> body, ProtocolVersion version, out ushort packetId, out ReasonCode reason)
    {
        var result = PubackPacket.TryParse(body, version, out var packet);
        (packetId, reason) = packet;
        return result;
    }

    protected override int Write(Span<byte> destination, ProtocolVersion version, ushort packetId, ReasonCode reason) =>
        PubackPacket.Write(destination, version, packetId, reason);
}
