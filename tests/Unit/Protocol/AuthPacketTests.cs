using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class AuthPacketTests
{
    [Theory]
    [InlineData(ReasonCode.ContinueAuthentication)]
    [InlineData(ReasonCode.ReAuthenticate)]
    public void MethodAndDataAreRead(ReasonCode reason)
    {
        var frame = ClientPackets.Auth(reason, "SCRAM", [1, 2], new PropertyList { { PropertyId.ReasonString, "r" }, { "n", "v" } });

        Assert.Equal(ReasonCode.Success, AuthPacket.TryParse(PacketParser.BodyOf(frame), out var packet));
        Assert.Equal(reason, packet?.ReasonCode);
        Assert.Equal("SCRAM", packet?.AuthenticationMethod);
        Assert.Equal([1, 2], packet?.AuthenticationData);
    }

    [Theory]
    [InlineData("", ReasonCode.ProtocolError)] // §3.15.2.1: Success, which only the server says
    [InlineData("""00   04 15 00 01 "m" """, ReasonCode.ProtocolError)] // [MQTT-3.15.2-1]
    [InlineData("""80   04 15 00 01 "m" """, ReasonCode.ProtocolError)]
    [InlineData("18", ReasonCode.MalformedPacket)]
    [InlineData("18   00", ReasonCode.ProtocolError)] // §3.15.2.2.2: no method
    [InlineData("18   04 16 00 01 09", ReasonCode.ProtocolError)]
    [InlineData("""18   08 15 00 01 "m"   15 00 01 "m" """, ReasonCode.ProtocolError)]
    [InlineData("""18   04 15 00 01 "m"   00""", ReasonCode.MalformedPacket)] // a byte too many
    [InlineData("""18   05 15 00 01 "m" """, ReasonCode.MalformedPacket)]
    [InlineData("18   03 21 00 01", ReasonCode.MalformedPacket)] // §2.2.2.2
    public void ViolationsHaveTheirReason(string body, ReasonCode expected)
    {
        Assert.Equal(expected, AuthPacket.TryParse(AnnotatedBytes.Parse(body), out var packet));
        Assert.Null(packet);
    }

    [Fact] // [MQTT-3.15.2-2], [MQTT-3.15.2-3]
    public void DiagnosticsAreLeftOutWhereTheyDoNotFit()
    {
        var packet = new AuthPacket
        {
            ReasonCode = ReasonCode.ContinueAuthentication,
            AuthenticationMethod = "m",
            AuthenticationData = [9],
            Diagnostics = new Diagnostics("r"),
        };

        Assert.Equal(AnnotatedBytes.Parse("""F0 0E   18   0C   15 00 01 "m"   16 00 01 09   1F 00 01 "r" """), packet.Encode(16));
        Assert.Equal(AnnotatedBytes.Parse("""F0 0A   18   08   15 00 01 "m"   16 00 01 09"""), packet.Encode(15));
        Assert.Null(packet.Encode(11)); // [MQTT-3.1.2-24]
    }
}
