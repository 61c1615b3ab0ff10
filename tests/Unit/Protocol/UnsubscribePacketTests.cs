using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class UnsubscribePacketTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public void FiltersKeepTheirOrder(ProtocolVersion version)
    {
        var body = PacketParser.BodyOf(ClientPackets.Unsubscribe(7, ["a/+", "not#valid", "#"], version, new() { { "k", "v" } }), version);

        Assert.Equal(ReasonCode.Success, UnsubscribePacket.TryParse(body, version, out var packet));
        Assert.NotNull(packet);
        Assert.Equal(7, packet.PacketId);
        Assert.Equal(["a/+", "not#valid", "#"], packet.Filters);
    }

    [Theory]
    [InlineData("""00 00   00   00 01 "a" """, ReasonCode.ProtocolError)] // [MQTT-2.2.1-3]
    [InlineData("00 01   00", ReasonCode.ProtocolError)] // [MQTT-3.10.3-2]
    [InlineData("00 01", ReasonCode.MalformedPacket)]
    [InlineData("00 01   00   00 01 C1", ReasonCode.MalformedPacket)] // [MQTT-3.10.3-1]
    [InlineData("00 01   00   00 00", ReasonCode.MalformedPacket)] // [MQTT-4.7.3-1]
    [InlineData("""00 01   00   00 02 "a" """, ReasonCode.MalformedPacket)]
    [InlineData("""00 01   02 0B 01   00 01 "a" """, ReasonCode.MalformedPacket)] // a property of SUBSCRIBE
    public void ViolationsHaveTheirReason(string body, ReasonCode expected)
    {
        Assert.Equal(expected, UnsubscribePacket.TryParse(AnnotatedBytes.Parse(body), ProtocolVersion.Mqtt5, out var packet));
        Assert.Null(packet);
    }
}
