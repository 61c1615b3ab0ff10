using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>Runs of PUBACK, which are read at once; what every acknowledgement has in common is in <see cref="AckPacketTests"/>.</summary>
public sealed class PubackRunTests
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
}
