using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class ConnectPacketTests
{
    [Fact]
    public void AllPartsOfAnMqtt5ConnectAreRead()
    {
        var packet = Parse(ClientPackets.Connect(
            clientId: "sensor-7", cleanStart: false, keepAlive: 60, userName: "user", password: [1, 2], will: SamplePackets.Will(),
            properties: SamplePackets.ConnectProperties()));

        Assert.Equal(ProtocolVersion.Mqtt5, packet.Version);
        Assert.False(packet.CleanStart);
        Assert.Equal(60, packet.KeepAlive);
        Assert.Equal("sensor-7", packet.ClientId);
        Assert.Equal("user", packet.UserName);
        Assert.Equal([1, 2], packet.Password);
        Assert.Equal(3600u, packet.SessionExpiryInterval);
        Assert.Equal(20, packet.ReceiveMaximum);
        Assert.Equal(65536u, packet.MaximumPacketSize);
        Assert.Equal(10, packet.TopicAliasMaximum);
        Assert.True(packet.RequestResponseInformation);
        Assert.False(packet.RequestProblemInformation);
        Assert.Equal("SCRAM", packet.AuthenticationMethod);
        Assert.Equal([9, 8], packet.AuthenticationData);
        Assert.Equal([new UserProperty("site", "north"), new UserProperty("site", "south")], packet.UserProperties);
    }

    [Fact]
    public void TheWillIsReadyToPublish()
    {
        var will = Parse(ClientPackets.Connect(will: SamplePackets.Will())).Will;

        Assert.NotNull(will);
        Assert.Equal(QoS.AtLeastOnce, will.QoS);
        Assert.True(will.Retain);
        Assert.Equal("will/topic", will.Topic);
        Assert.Equal("gone"u8.ToArray(), will.Payload);
        Assert.Equal(30u, will.DelayInterval);
        Assert.Equal(120u, will.MessageExpiryInterval);
        Assert.Equal(1, will.PayloadFormat);
        Assert.Equal(
            new PropertyList
            {
                { PropertyId.PayloadFormatIndicator, 1 },
                { PropertyId.ContentType, "text/plain" },
                { PropertyId.ResponseTopic, "reply" },
                { PropertyId.CorrelationData, new byte[] { 7 } },
                { "w", "1" },
            }.ToArray(),
            will.ForwardedProperties);
    }

    [Fact]
    public void WhatIsAbsentHasTheDefaultOfTheSpecification()
    {
        var packet = Parse(ClientPackets.Connect());

        Assert.True(packet.CleanStart);
        Assert.Null(packet.UserName);
        Assert.Null(packet.Password);
        Assert.Null(packet.Will);
        Assert.Equal(0u, packet.SessionExpiryInterval);
        Assert.Equal(65535, packet.ReceiveMaximum);
        Assert.Null(packet.MaximumPacketSize);
        Assert.Equal(0, packet.TopicAliasMaximum);
        Assert.False(packet.RequestResponseInformation);
        Assert.True(packet.RequestProblemInformation);
        Assert.Null(packet.AuthenticationMethod);
        Assert.Empty(packet.UserProperties);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public void OlderVersionsAreRead(ProtocolVersion version)
    {
        var packet = Parse(ClientPackets.Connect(
            version, "c", cleanStart: false, keepAlive: 5, userName: "u", password: [], will: new ClientWill("w", [1], QoS.ExactlyOnce)));

        Assert.Equal(version, packet.Version);
        Assert.Equal(("c", 5, "u"), (packet.ClientId, packet.KeepAlive, packet.UserName));
        Assert.Equal(Array.Empty<byte>(), packet.Password);
        Assert.NotNull(packet.Will);
        Assert.Equal(("w", QoS.ExactlyOnce), (packet.Will.Topic, packet.Will.QoS));
        Assert.Empty(packet.Will.ForwardedProperties);
    }

    [Fact]
    public void TheUserNameMayBeAnUnusualString() =>
        Assert.Equal("\uFEFFü", Parse(ClientPackets.Connect(userName: "\uFEFFü")).UserName); // [MQTT-1.5.4-3]

    [Fact]
    public void InMqtt5APasswordNeedsNoUserName() => Assert.Equal([1], Parse(ClientPackets.Connect(password: [1])).Password);

    [Fact] // 3.1 §3.1: the Remaining Length takes precedence over the flags.
    public void InMqtt31CredentialsMayBeAnnouncedAndLeftOut()
    {
        var body = AnnotatedBytes.Parse("""
            00 06 "MQIsdp" 03   # protocol name and version
            C2                  # user name, password, clean session
            00 00               # keep alive
            00 01 "c"           # client identifier
            """);

        Assert.Equal(ReasonCode.Success, ConnectPacket.TryParse(body, out var packet, out _));
        Assert.Null(packet?.UserName);
        Assert.Null(packet?.Password);
    }

    [Theory]
    [InlineData("""00 04 "MQTT" 03""", ProtocolVersion.Mqtt311)]
    [InlineData("""00 04 "MQTT" 00""", ProtocolVersion.Mqtt311)]
    [InlineData("""00 04 "MQTT" 06""", ProtocolVersion.Mqtt5)]
    [InlineData("""00 04 "MQTT" 84""", ProtocolVersion.Mqtt311)] // a bridge
    [InlineData("""00 06 "MQIsdp" 04""", ProtocolVersion.Mqtt31)]
    [InlineData("""00 04 "mqtt" 04""", (ProtocolVersion)0)]
    [InlineData("00 00 05", (ProtocolVersion)0)]
    public void UnsupportedVersionsAreRefusedInAFormThatTheClientKnows(string body, ProtocolVersion answer)
    {
        var reason = ConnectPacket.TryParse(AnnotatedBytes.Parse(body), out var packet, out var version);

        Assert.Equal((ReasonCode.UnsupportedProtocolVersion, answer), (reason, version)); // [MQTT-3.1.2-1], [MQTT-3.1.2-2]
        Assert.Null(packet);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, true, ReasonCode.ClientIdentifierNotValid)]
    [InlineData(ProtocolVersion.Mqtt31, false, ReasonCode.ClientIdentifierNotValid)]
    [InlineData(ProtocolVersion.Mqtt311, true, ReasonCode.Success)] // 3.1.1 [MQTT-3.1.3-6]
    [InlineData(ProtocolVersion.Mqtt311, false, ReasonCode.ClientIdentifierNotValid)] // 3.1.1 [MQTT-3.1.3-8]
    [InlineData(ProtocolVersion.Mqtt5, true, ReasonCode.Success)] // [MQTT-3.1.3-6]
    [InlineData(ProtocolVersion.Mqtt5, false, ReasonCode.Success)]
    public void AnEmptyClientIdentifierDependsOnTheVersion(ProtocolVersion version, bool cleanStart, ReasonCode expected)
    {
        var body = PacketParser.BodyOf(ClientPackets.Connect(version, "", cleanStart));
        Assert.Equal(expected, ConnectPacket.TryParse(body, out _, out var seen));
        Assert.Equal(version, seen);
    }

    [Fact]
    public void LongClientIdentifiersAreAccepted()
    {
        var clientId = new string('x', 65535);
        Assert.Equal(clientId, Parse(ClientPackets.Connect(ProtocolVersion.Mqtt31, clientId)).ClientId);
    }

    public static TheoryData<string, string, ReasonCode> Violations => new()
    {
        // After name and version come flags, keep alive, properties and payload.
        { "[MQTT-3.1.2-3] reserved flag", """03 00 00  00  00 01 "c" """, ReasonCode.MalformedPacket },
        { "[MQTT-3.1.2-12] will QoS 3", """1E 00 00  00  00 01 "c"  00  00 01 "w" 00 00""", ReasonCode.MalformedPacket },
        { "[MQTT-3.1.2-11] will QoS without will", """0A 00 00  00  00 01 "c" """, ReasonCode.MalformedPacket },
        { "[MQTT-3.1.2-13] will retain without will", """22 00 00  00  00 01 "c" """, ReasonCode.MalformedPacket },
        { "[MQTT-3.1.3-4] client identifier not UTF-8", "02 00 00  00  00 01 FF", ReasonCode.MalformedPacket },
        { "[MQTT-1.5.4-2] U+0000 in the client identifier", "02 00 00  00  00 01 00", ReasonCode.MalformedPacket },
        { "[MQTT-3.1.2-17] user name announced, missing", """82 00 00  00  00 01 "c" """, ReasonCode.MalformedPacket },
        { "[MQTT-3.1.2-19] password announced, missing", """42 00 00  00  00 01 "c" """, ReasonCode.MalformedPacket },
        { "[MQTT-3.1.2-16] user name not announced", """02 00 00  00  00 01 "c"  00 01 "u" """, ReasonCode.MalformedPacket },
        { "[MQTT-3.1.3-12] user name not UTF-8", """82 00 00  00  00 01 "c"  00 01 80""", ReasonCode.MalformedPacket },
        { "[MQTT-3.1.2-9] will announced, missing", """06 00 00  00  00 01 "c" """, ReasonCode.MalformedPacket },
        { "will without payload", """06 00 00  00  00 01 "c"  00  00 01 "w" """, ReasonCode.MalformedPacket },
        { "[MQTT-3.1.3-11] will topic not UTF-8", """06 00 00  00  00 01 "c"  00  00 01 C0  00 00""", ReasonCode.MalformedPacket },
        { "[MQTT-3.3.2-2] wildcard in the will topic", """06 00 00  00  00 01 "c"  00  00 01 "#"  00 00""", ReasonCode.MalformedPacket },
        { "[MQTT-4.7.3-1] empty will topic", """06 00 00  00  00 01 "c"  00  00 00  00 00""", ReasonCode.MalformedPacket },
        { "session expiry twice", """02 00 00  0A 11 00 00 00 01 11 00 00 00 01  00 01 "c" """, ReasonCode.ProtocolError },
        { "§3.1.2.11.3 receive maximum 0", """02 00 00  03 21 00 00  00 01 "c" """, ReasonCode.ProtocolError },
        { "§3.1.2.11.4 maximum packet size 0", """02 00 00  05 27 00 00 00 00  00 01 "c" """, ReasonCode.ProtocolError },
        { "§3.1.2.11.6 request response information 2", """02 00 00  02 19 02  00 01 "c" """, ReasonCode.ProtocolError },
        { "§3.1.2.11.7 request problem information 2", """02 00 00  02 17 02  00 01 "c" """, ReasonCode.ProtocolError },
        { "§3.1.2.11.10 authentication data without method", """02 00 00  04 16 00 01 09  00 01 "c" """, ReasonCode.ProtocolError },
        { "§2.2.2.2 property of another packet", """02 00 00  03 23 00 01  00 01 "c" """, ReasonCode.MalformedPacket },
        { "§2.2.2.2 CONNECT property in will", """06 00 00  00  00 01 "c"  03 21 00 01  00 01 "w" 00 00""", ReasonCode.MalformedPacket },
        { "§2.2.2.2 will property in CONNECT", """02 00 00  05 18 00 00 00 01  00 01 "c" """, ReasonCode.MalformedPacket },
        { "will delay twice", """06 00 00  00  00 01 "c"  0A 18 00 00 00 01 18 00 00 00 01  00 01 "w" 00 00""", ReasonCode.ProtocolError },
        { "no client identifier", "02 00 00  00", ReasonCode.MalformedPacket },
        { "bytes after the payload", """02 00 00  00  00 01 "c" FF""", ReasonCode.MalformedPacket },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public void ViolationsHaveTheirReason(string rule, string afterVersion, ReasonCode expected)
    {
        var body = AnnotatedBytes.Parse("""00 04 "MQTT" 05 """ + afterVersion);
        var reason = ConnectPacket.TryParse(body, out var packet, out var version);

        Assert.True(expected == reason, $"{rule}: expected {expected}, got {reason}");
        Assert.Equal(ProtocolVersion.Mqtt5, version);
        Assert.Null(packet);
    }

    [Theory] // 3.1.1 [MQTT-3.1.2-22]
    [InlineData("""00 04 "MQTT" 04""")]
    [InlineData("""00 06 "MQIsdp" 03""")]
    public void BeforeMqtt5APasswordNeedsAUserName(string nameAndVersion)
    {
        var body = AnnotatedBytes.Parse(nameAndVersion + """ 42 00 00 00 01 "c" 00 01 "p" """);
        Assert.Equal(ReasonCode.MalformedPacket, ConnectPacket.TryParse(body, out _, out _));
    }

    private static ConnectPacket Parse(byte[] frame)
    {
        Assert.Equal(ReasonCode.Success, ConnectPacket.TryParse(PacketParser.BodyOf(frame), out var packet, out var version));
        Assert.NotNull(packet);
        Assert.Equal(packet.Version, version);
        return packet;
    }
}
