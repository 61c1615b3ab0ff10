using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class ConnackPacketTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, false, ReasonCode.Success, "20 02 00 00")]
    [InlineData(ProtocolVersion.Mqtt31, true, ReasonCode.Success, "20 02 00 00")] // 3.1 has no Session Present
    [InlineData(ProtocolVersion.Mqtt311, true, ReasonCode.Success, "20 02 01 00")]
    [InlineData(ProtocolVersion.Mqtt311, true, ReasonCode.NotAuthorized, "20 02 00 05")] // 3.1.1 [MQTT-3.2.2-4]
    [InlineData(ProtocolVersion.Mqtt311, false, ReasonCode.UnsupportedProtocolVersion, "20 02 00 01")]
    [InlineData(ProtocolVersion.Mqtt5, true, ReasonCode.Success, "20 03 01 00 00")]
    [InlineData(ProtocolVersion.Mqtt5, true, ReasonCode.Banned, "20 03 00 8A 00")] // [MQTT-3.2.2-6]
    public void EachVersionHasItsForm(ProtocolVersion version, bool sessionPresent, ReasonCode reason, string expected) =>
        Assert.Equal(
            AnnotatedBytes.Parse(expected),
            new ConnackPacket { SessionPresent = sessionPresent, ReasonCode = reason }.Encode(version));

    [Fact] // 3.1.1 [MQTT-3.2.2-6]
    public void WithoutAReturnCodeNothingIsSent() =>
        Assert.Null(new ConnackPacket { ReasonCode = ReasonCode.MalformedPacket }.Encode(ProtocolVersion.Mqtt311));

    [Fact]
    public void AllPropertiesAreWritten()
    {
        var expected = AnnotatedBytes.Parse("""
            20 60                   # CONNACK, remaining length
            01 00                   # session present, success
            5D                      # property length
              11 00 00 0E 10        # session expiry interval: 3600 s
              21 00 40              # receive maximum: 64
              24 01                 # maximum QoS
              25 00                 # retain available
              27 00 01 00 00        # maximum packet size: 65536
              12 00 02 "id"         # assigned client identifier
              22 00 0A              # topic alias maximum: 10
              28 01                 # wildcard subscription available
              29 01                 # subscription identifier available
              2A 00                 # shared subscription available
              13 00 3C              # server keep alive: 60 s
              1A 00 02 "ri"         # response information
              1C 00 03 "ref"        # server reference
              15 00 01 "m"          # authentication method
              16 00 02 01 02        # authentication data
              1F 00 06 "reason"     # reason string
              26 00 01 "n" 00 01 "v"   # user properties
              26 00 01 "n" 00 02 "w!"
            """);
        expected[1] = (byte)(expected.Length - 2);
        expected[4] = (byte)(expected.Length - 5);

        Assert.Equal(expected, Everything().Encode(ProtocolVersion.Mqtt5));
    }

    [Theory] // [MQTT-3.2.2-19], [MQTT-3.2.2-20]
    [InlineData(uint.MaxValue, true, true)]
    [InlineData(0, true, true)] // one byte more than is needed, counted from here down
    [InlineData(-1, true, true)]
    [InlineData(-2, true, false)]
    public void DiagnosticsAreLeftOutWhereTheyDoNotFit(long fromFull, bool reasonString, bool userProperties)
    {
        var full = Everything().Encode(ProtocolVersion.Mqtt5);
        Assert.NotNull(full);
        var limit = fromFull == uint.MaxValue ? uint.MaxValue : (uint)(full.Length + 1 + fromFull);

        AssertDiagnostics(Everything().Encode(ProtocolVersion.Mqtt5, limit), limit, reasonString, userProperties);
    }

    [Fact]
    public void UserPropertiesMayFitWhereTheReasonStringDoesNot()
    {
        var packet = new ConnackPacket
        {
            ReasonCode = ReasonCode.Success,
            Diagnostics = new Diagnostics("a long explanation", [new UserProperty("n", "v")]),
        };

        AssertDiagnostics(packet.Encode(ProtocolVersion.Mqtt5, 12), 12, reasonString: false, userProperties: true);
        AssertDiagnostics(packet.Encode(ProtocolVersion.Mqtt5, 11), 11, reasonString: false, userProperties: false);
    }

    [Fact] // [MQTT-3.1.2-24]
    public void APacketThatCannotFitIsNotSent()
    {
        var packet = new ConnackPacket { ReasonCode = ReasonCode.Success, AssignedClientIdentifier = "id" };
        Assert.Equal(10, packet.Encode(ProtocolVersion.Mqtt5, 10)?.Length);
        Assert.Null(packet.Encode(ProtocolVersion.Mqtt5, 9));
    }

    private static ConnackPacket Everything() => new()
    {
        SessionPresent = true,
        ReasonCode = ReasonCode.Success,
        SessionExpiryInterval = 3600,
        ReceiveMaximum = 64,
        MaximumQoS = QoS.AtLeastOnce,
        RetainAvailable = false,
        MaximumPacketSize = 65536,
        AssignedClientIdentifier = "id",
        TopicAliasMaximum = 10,
        WildcardSubscriptionAvailable = true,
        SubscriptionIdentifierAvailable = true,
        SharedSubscriptionAvailable = false,
        ServerKeepAlive = 60,
        ResponseInformation = "ri",
        ServerReference = "ref",
        AuthenticationMethod = "m",
        AuthenticationData = [1, 2],
        Diagnostics = new Diagnostics("reason", [new UserProperty("n", "v"), new UserProperty("n", "w!")]),
    };

    private static void AssertDiagnostics(byte[]? frame, uint limit, bool reasonString, bool userProperties)
    {
        Assert.NotNull(frame);
        Assert.True(frame.Length <= limit);
        Assert.Equal(frame.Length - 2, frame[1]);
        Assert.Equal(frame.Length - 5, frame[4]);
        Assert.Equal(reasonString, frame.AsSpan().IndexOf((byte)PropertyId.ReasonString) >= 0);
        Assert.Equal(userProperties, frame.AsSpan().IndexOf((byte)PropertyId.UserProperty) >= 0);
    }
}
