using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class PublishPacketTests
{
    private const byte QoS0 = 0b0000;
    private const byte QoS1 = 0b0010;

    [Fact]
    public void AllPartsOfAnMqtt5PublishAreRead()
    {
        var body = AnnotatedBytes.Parse("""
            00 03 "a/b"         # topic name
            00 0A               # packet identifier
            16                  # property length
              01 01             # payload format indicator: UTF-8
              02 00 00 01 F4    # message expiry interval: 500 s
              23 00 03          # topic alias
              03 00 01 "t"      # content type
              26 00 01 "n" 00 02 "vv" # user property
            "hi"                # payload
            """);

        Assert.Equal(ReasonCode.Success, PublishPacket.TryParse(body, 0b1101, ProtocolVersion.Mqtt5, out var packet));

        Assert.True(packet.Dup);
        Assert.Equal(QoS.ExactlyOnce, packet.QoS);
        Assert.True(packet.Retain);
        Assert.True(packet.Topic.SequenceEqual("a/b"u8));
        Assert.Equal(10, packet.PacketId);
        Assert.Equal(1, packet.PayloadFormat);
        Assert.True(packet.HasMessageExpiry);
        Assert.Equal(500u, packet.MessageExpiryInterval);
        Assert.True(packet.HasTopicAlias);
        Assert.Equal(3, packet.TopicAlias);
        Assert.Equal(22, packet.Properties.Length);
        Assert.True(packet.Payload.SequenceEqual("hi"u8));
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public void BeforeMqtt5ThePayloadFollowsTheVariableHeader(ProtocolVersion version)
    {
        var body = AnnotatedBytes.Parse("""
            00 01 "a"   # topic name
            00 05       # packet identifier
            00 01       # payload
            """);

        Assert.Equal(ReasonCode.Success, PublishPacket.TryParse(body, QoS1, version, out var packet));

        Assert.Equal(5, packet.PacketId);
        Assert.True(packet.Properties.IsEmpty);
        Assert.Equal([0x00, 0x01], packet.Payload.ToArray());
        Assert.False(packet.HasTopicAlias);
        Assert.False(packet.HasMessageExpiry);
    }

    [Fact]
    public void AnEmptyPayloadIsAPayload()
    {
        Assert.Equal(
            ReasonCode.Success,
            PublishPacket.TryParse(AnnotatedBytes.Parse("""00 01 "a" 00"""), QoS0, ProtocolVersion.Mqtt5, out var packet));
        Assert.True(packet.Payload.IsEmpty);
        Assert.Equal(0, packet.PacketId);
    }

    [Fact]
    public void AnAliasStandsForAnEmptyTopic()
    {
        var body = AnnotatedBytes.Parse("00 00   03 23 00 07");
        Assert.Equal(ReasonCode.Success, PublishPacket.TryParse(body, QoS0, ProtocolVersion.Mqtt5, out var packet));
        Assert.True(packet.Topic.IsEmpty);
        Assert.Equal(7, packet.TopicAlias);
    }

    [Theory]
    [InlineData(0b0110, ReasonCode.MalformedPacket)] // [MQTT-3.3.1-4]
    [InlineData(0b1000, ReasonCode.MalformedPacket)] // [MQTT-3.3.1-2]
    public void FlagsThatContradictAreMalformed(byte flags, ReasonCode expected)
    {
        var body = AnnotatedBytes.Parse("""00 01 "a" 00 01 00""");
        Assert.Equal(expected, PublishPacket.TryParse(body, flags, ProtocolVersion.Mqtt5, out _));
        Assert.Equal(expected, PublishPacket.TryParse(body, flags, ProtocolVersion.Mqtt311, out _));
    }

    public static TheoryData<string, string, ReasonCode> Violations => new()
    {
        { "[MQTT-3.3.2-2] wildcard in the topic", """00 03 "a/#" 00 01   00""", ReasonCode.MalformedPacket },
        { "[MQTT-3.3.2-2] single-level wildcard", """00 01 "+" 00 01   00""", ReasonCode.MalformedPacket },
        { "[MQTT-1.5.4-1] surrogate in the topic", "00 03 ED A0 80   00 01   00", ReasonCode.MalformedPacket },
        { "[MQTT-1.5.4-2] U+0000 in the topic", "00 03 61 00 62   00 01   00", ReasonCode.MalformedPacket },
        { "topic longer than the packet", """00 09 "a" 00 01   00""", ReasonCode.MalformedPacket },
        { "[MQTT-2.2.1-3] packet identifier 0", """00 01 "a" 00 00   00""", ReasonCode.ProtocolError },
        { "packet identifier cut", """00 01 "a" 01""", ReasonCode.MalformedPacket },
        { "no property length", """00 01 "a" 00 01""", ReasonCode.MalformedPacket },
        { "property length beyond the packet", """00 01 "a" 00 01   02 01""", ReasonCode.MalformedPacket },
        { "[MQTT-1.5.5-1] property length in two bytes", """00 01 "a" 00 01   80 00""", ReasonCode.MalformedPacket },
        { "§3.3.2.1 empty topic without alias", "00 00   00 01   00", ReasonCode.ProtocolError },
        { "[MQTT-3.3.2-8] topic alias 0", """00 01 "a" 00 01   03 23 00 00""", ReasonCode.TopicAliasInvalid },
        { "§3.3.2.3.4 topic alias twice", """00 01 "a" 00 01   06 23 00 01 23 00 01""", ReasonCode.ProtocolError },
        { "§3.3.2.3.3 message expiry twice", """00 01 "a" 00 01   0A 02 00 00 00 01 02 00 00 00 01""", ReasonCode.ProtocolError },
        { "§3.3.2.3.2 payload format twice", """00 01 "a" 00 01   04 01 00 01 00""", ReasonCode.ProtocolError },
        { "§3.3.2.3.2 payload format 2", """00 01 "a" 00 01   02 01 02""", ReasonCode.ProtocolError },
        { "§3.3.2.3.9 content type twice", """00 01 "a" 00 01   08 03 00 01 "t" 03 00 01 "t" """, ReasonCode.ProtocolError },
        { "[MQTT-3.3.2-19] content type not UTF-8", """00 01 "a" 00 01   05 03 00 02 C3 28""", ReasonCode.MalformedPacket },
        { "[MQTT-3.3.2-14] wildcard in the response topic", """00 01 "a" 00 01   04 08 00 01 "#" """, ReasonCode.ProtocolError },
        { "[MQTT-4.7.3-1] empty response topic", """00 01 "a" 00 01   03 08 00 00""", ReasonCode.ProtocolError },
        { "[MQTT-3.3.2-13] response topic not UTF-8", """00 01 "a" 00 01   04 08 00 01 80""", ReasonCode.MalformedPacket },
        { "[MQTT-3.3.4-6] subscription identifier", """00 01 "a" 00 01   02 0B 01""", ReasonCode.ProtocolError },
        { "§2.2.2.2 property of another packet", """00 01 "a" 00 01   03 21 00 01""", ReasonCode.MalformedPacket },
        { "§2.2.2.2 unknown property", """00 01 "a" 00 01   02 7F 01""", ReasonCode.MalformedPacket },
        { "property identifier of two bytes", """00 01 "a" 00 01   03 81 00 01""", ReasonCode.MalformedPacket },
        { "property without its value", """00 01 "a" 00 01   01 01""", ReasonCode.MalformedPacket },
        { "property value beyond the block", """00 01 "a" 00 01   03 02 00 00  00 00""", ReasonCode.MalformedPacket },
        { "user property without its value", """00 01 "a" 00 01   04 26 00 01 "n" """, ReasonCode.MalformedPacket },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public void ViolationsHaveTheirReason(string rule, string body, ReasonCode expected)
    {
        var reason = PublishPacket.TryParse(AnnotatedBytes.Parse(body), QoS1, ProtocolVersion.Mqtt5, out _);
        Assert.True(expected == reason, $"{rule}: expected {expected}, got {reason}");
    }

    [Fact] // 3.1.1 [MQTT-4.7.3-1]
    public void BeforeMqtt5AnEmptyTopicIsRefused() =>
        Assert.NotEqual(ReasonCode.Success, PublishPacket.TryParse([0, 0], QoS0, ProtocolVersion.Mqtt311, out _));

    [Fact] // [MQTT-3.3.2-4], [MQTT-3.3.2-15] to [MQTT-3.3.2-18], [MQTT-3.3.2-20]
    public void ForwardedPropertiesKeepTheirBytesAndOrder()
    {
        var frame = ClientPackets.Publish("a", "p", properties: SamplePackets.PublishProperties());
        var expected = new PropertyList
        {
            { PropertyId.PayloadFormatIndicator, 1 },
            { "first", "1" },
            { PropertyId.ContentType, "text/plain" },
            { PropertyId.ResponseTopic, "reply/here" },
            { PropertyId.CorrelationData, new byte[] { 0, 255 } },
            { "second", "2" },
        };

        AssertForwarded(expected.ToArray(), frame);
    }

    [Fact]
    public void PropertiesWithoutAliasAndExpiryAreForwardedWhole()
    {
        var properties = new PropertyList { { "b", "2" }, { "a", "1" }, { "b", "2" } };
        AssertForwarded(properties.ToArray(), ClientPackets.Publish("a", "p", properties: properties));
    }

    [Theory]
    [InlineData(PropertyId.TopicAlias, PropertyId.MessageExpiryInterval)]
    [InlineData(PropertyId.MessageExpiryInterval, PropertyId.TopicAlias)]
    public void AliasAndExpiryAreLeftOutWhereverTheyStand(PropertyId first, PropertyId second)
    {
        byte[] expected = [.. new PropertyList { { "a", "1" }, { "b", "2" }, { "c", "3" } }];

        AssertForwarded(expected, ClientPackets.Publish("a", "p", properties: new()
        {
            { first, 1 }, { "a", "1" }, { "b", "2" }, { second, 1 }, { "c", "3" },
        }));
        AssertForwarded(expected, ClientPackets.Publish("a", "p", properties: new()
        {
            { "a", "1" }, { first, 1 }, { second, 1 }, { "b", "2" }, { "c", "3" },
        }));
        AssertForwarded(expected, ClientPackets.Publish("a", "p", properties: new()
        {
            { "a", "1" }, { "b", "2" }, { "c", "3" }, { first, 1 }, { second, 1 },
        }));
        AssertForwarded(expected, ClientPackets.Publish("a", "p", properties: new()
        {
            { first, 1 }, { "a", "1" }, { "b", "2" }, { "c", "3" },
        }));
    }

    [Fact]
    public void AliasAndExpiryAloneForwardNothing() => AssertForwarded(
        [],
        ClientPackets.Publish("a", "p", properties: new PropertyList
        {
            { PropertyId.TopicAlias, 1 }, { PropertyId.MessageExpiryInterval, 1 },
        }));

    [Fact]
    public void ParsingAllocatesNothing()
    {
        var body = PacketParser.BodyOf(ClientPackets.Publish(
            "städte/köln", "payload", QoS.AtLeastOnce, 1, properties: SamplePackets.PublishProperties()));
        var forwarded = new byte[body.Length];
        ParseAndForward(body, forwarded);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            ParseAndForward(body, forwarded);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void ParseAndForward(byte[] body, byte[] forwarded)
    {
        if (PublishPacket.TryParse(body, QoS1, ProtocolVersion.Mqtt5, out var packet) != ReasonCode.Success)
        {
            throw new InvalidOperationException("The sample is valid.");
        }

        packet.CopyForwardedProperties(forwarded);
    }

    private static void AssertForwarded(byte[] expected, byte[] frame)
    {
        var body = PacketParser.BodyOf(frame);
        Assert.Equal(ReasonCode.Success, PublishPacket.TryParse(body, QoS0, ProtocolVersion.Mqtt5, out var packet));

        var destination = new byte[packet.ForwardedPropertiesLength];
        Assert.Equal(expected.Length, packet.ForwardedPropertiesLength);
        Assert.Equal(expected.Length, packet.CopyForwardedProperties(destination));
        Assert.Equal(expected, destination);
    }
}
