using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class SubackPacketTests
{
    private static readonly ReasonCode[] Reasons = [ReasonCode.GrantedQoS2, ReasonCode.TopicFilterInvalid, ReasonCode.Success];

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, "90 05   01 02   02 80 00")]
    [InlineData(ProtocolVersion.Mqtt311, "90 05   01 02   02 80 00")] // 3.1.1 [MQTT-3.9.3-2]
    [InlineData(ProtocolVersion.Mqtt5, "90 06   01 02   00   02 8F 00")]
    public void EachVersionHasItsForm(ProtocolVersion version, string expected) =>
        Assert.Equal(AnnotatedBytes.Parse(expected), SubackPacket.Encode(version, 0x0102, Reasons));

    [Fact] // [MQTT-3.9.2-1], [MQTT-3.9.2-2]
    public void DiagnosticsAreLeftOutWhereTheyDoNotFit()
    {
        var diagnostics = new Diagnostics("no", [new UserProperty("n", "v")]);

        Assert.Equal(
            AnnotatedBytes.Parse("""90 12   01 02   0C   1F 00 02 "no"   26 00 01 "n" 00 01 "v"   02 8F 00"""),
            SubackPacket.Encode(ProtocolVersion.Mqtt5, 0x0102, Reasons, 20, diagnostics));
        Assert.Equal(
            AnnotatedBytes.Parse("""90 0B   01 02   05   1F 00 02 "no"   02 8F 00"""),
            SubackPacket.Encode(ProtocolVersion.Mqtt5, 0x0102, Reasons, 19, diagnostics));
        Assert.Equal(
            AnnotatedBytes.Parse("90 06   01 02   00   02 8F 00"),
            SubackPacket.Encode(ProtocolVersion.Mqtt5, 0x0102, Reasons, 8, diagnostics));
        Assert.Null(SubackPacket.Encode(ProtocolVersion.Mqtt5, 0x0102, Reasons, 7, diagnostics)); // [MQTT-3.1.2-24]
    }

    [Fact]
    public void ManyReasonsTakeALongerRemainingLength()
    {
        var frame = SubackPacket.Encode(ProtocolVersion.Mqtt311, 1, new ReasonCode[200]);
        Assert.Equal(205, frame?.Length);
        Assert.Equal([0x90, 0xCA, 0x01, 0x00, 0x01], frame?[..5]);
    }
}
