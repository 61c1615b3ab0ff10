using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class DisconnectPacketTests
{
    // Table 3-10, "Client" or "Client or Server".
    private static readonly byte[] ClientCodes =
        [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, "")]
    [InlineData(ProtocolVersion.Mqtt311, "")]
    [InlineData(ProtocolVersion.Mqtt5, "")] // §3.14.2.1
    [InlineData(ProtocolVersion.Mqtt5, "00")] // §3.14.2.2.1
    [InlineData(ProtocolVersion.Mqtt5, "00 00")]
    public void ShortFormsAreANormalDisconnection(ProtocolVersion version, string body)
    {
        Assert.Equal(ReasonCode.Success, DisconnectPacket.TryParse(AnnotatedBytes.Parse(body), version, out var packet));
        Assert.Equal(ReasonCode.Success, packet?.ReasonCode);
        Assert.Null(packet?.SessionExpiryInterval);
    }

    [Fact]
    public void PropertiesAreRead()
    {
        var body = AnnotatedBytes.Parse("""
            04                        # disconnect with will message
            10                        # property length
              11 00 00 00 05          # session expiry interval
              1F 00 01 "r"            # reason string
              26 00 01 "n" 00 01 "v"  # user property
            """);

        Assert.Equal(ReasonCode.Success, DisconnectPacket.TryParse(body, ProtocolVersion.Mqtt5, out var packet));
        Assert.Equal(ReasonCode.DisconnectWithWillMessage, packet?.ReasonCode);
        Assert.Equal(5u, packet?.SessionExpiryInterval);
        Assert.Equal("r", packet?.Diagnostics.ReasonString);
    }

    [Fact] // [MQTT-3.14.2-1]
    public void OnlyTheCodesOfClientsAreAccepted()
    {
        for (var code = 0; code <= byte.MaxValue; code++)
        {
            Assert.Equal(
                ClientCodes.Contains((byte)code) ? ReasonCode.Success : ReasonCode.ProtocolError,
                DisconnectPacket.TryParse([(byte)code], ProtocolVersion.Mqtt5, out _));
        }
    }

    [Theory]
    [InlineData("00 01", ReasonCode.MalformedPacket)]
    [InlineData("00 00 00", ReasonCode.MalformedPacket)]
    [InlineData("""00 04   1C 00 01 "s" """, ReasonCode.ProtocolError)] // §3.14.2.2.5: from the server only
    [InlineData("00 03   21 00 01", ReasonCode.MalformedPacket)] // §2.2.2.2
    [InlineData("00 0A   11 00 00 00 05   11 00 00 00 05", ReasonCode.ProtocolError)] // §3.14.2.2.2
    public void ViolationsHaveTheirReason(string body, ReasonCode expected)
    {
        Assert.Equal(expected, DisconnectPacket.TryParse(AnnotatedBytes.Parse(body), ProtocolVersion.Mqtt5, out var packet));
        Assert.Null(packet);
    }

    [Fact]
    public void BeforeMqtt5TheBodyIsEmpty() =>
        Assert.Equal(ReasonCode.MalformedPacket, DisconnectPacket.TryParse([0x00], ProtocolVersion.Mqtt311, out _));

    [Theory]
    [InlineData(ReasonCode.Success, "E0 00")]
    [InlineData(ReasonCode.SessionTakenOver, "E0 01 8E")]
    public void WithoutPropertiesTheShortFormIsWritten(ReasonCode reason, string expected) =>
        Assert.Equal(AnnotatedBytes.Parse(expected), new DisconnectPacket { ReasonCode = reason }.Encode());

    [Fact]
    public void PropertiesAreWritten()
    {
        var packet = new DisconnectPacket
        {
            ReasonCode = ReasonCode.UseAnotherServer,
            ServerReference = "b",
            Diagnostics = new Diagnostics("full", [new UserProperty("n", "v")]),
        };

        Assert.Equal(
            AnnotatedBytes.Parse("""E0 14   9C   12   1C 00 01 "b"   1F 00 04 "full"   26 00 01 "n" 00 01 "v" """),
            packet.Encode());
        Assert.Equal(AnnotatedBytes.Parse("""E0 0D   9C   0B   1C 00 01 "b"   1F 00 04 "full" """), packet.Encode(21)); // [MQTT-3.14.2-4]
        Assert.Equal(AnnotatedBytes.Parse("""E0 06   9C   04   1C 00 01 "b" """), packet.Encode(14)); // [MQTT-3.14.2-3]
        Assert.Null(packet.Encode(7)); // [MQTT-3.1.2-24]
    }

    [Fact] // [MQTT-3.14.2-3]
    public void TheReasonAloneFitsIntoThreeBytes()
    {
        var packet = new DisconnectPacket { ReasonCode = ReasonCode.PacketTooLarge, Diagnostics = new Diagnostics("too large") };
        Assert.Equal([0xE0, 0x01, 0x95], packet.Encode(3));
        Assert.Null(packet.Encode(2));
    }
}
