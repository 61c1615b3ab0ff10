using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class UnsubackPacketTests
{
    private static readonly ReasonCode[] Reasons = [ReasonCode.Success, ReasonCode.NoSubscriptionExisted];

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, "B0 02   01 02")]
    [InlineData(ProtocolVersion.Mqtt311, "B0 02   01 02")]
    [InlineData(ProtocolVersion.Mqtt5, "B0 05   01 02   00   00 11")]
    public void EachVersionHasItsForm(ProtocolVersion version, string expected) =>
        Assert.Equal(AnnotatedBytes.Parse(expected), UnsubackPacket.Encode(version, 0x0102, Reasons));

    [Fact] // [MQTT-3.11.2-1], [MQTT-3.1.2-24]
    public void DiagnosticsAreLeftOutWhereTheyDoNotFit()
    {
        var diagnostics = new Diagnostics("no");

        Assert.Equal(
            AnnotatedBytes.Parse("""B0 0A   01 02   05   1F 00 02 "no"   00 11"""),
            UnsubackPacket.Encode(ProtocolVersion.Mqtt5, 0x0102, Reasons, 12, diagnostics));
        Assert.Equal(
            AnnotatedBytes.Parse("B0 05   01 02   00   00 11"),
            UnsubackPacket.Encode(ProtocolVersion.Mqtt5, 0x0102, Reasons, 11, diagnostics));
        Assert.Null(UnsubackPacket.Encode(ProtocolVersion.Mqtt5, 0x0102, Reasons, 6, diagnostics));
    }
}
