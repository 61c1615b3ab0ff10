using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class SubscribePacketTests
{
    [Fact]
    public void EntriesKeepTheirOrderAndOptions()
    {
        var body = AnnotatedBytes.Parse("""
            00 0A                       # packet identifier
            03 0B AC 02                 # subscription identifier: 300
            00 03 "a/b"   01            # QoS 1
            00 01 "#"     2E            # QoS 2, no local, retain as published, retain handling 2
            00 0A "$share/g/+" 10       # retain handling 1
            """);

        var packet = Parse(body);

        Assert.Equal(10, packet.PacketId);
        Assert.Equal(300u, packet.SubscriptionIdentifier);
        Assert.Equal([new("a/b", 0x01), new("#", 0x2E), new("$share/g/+", 0x10)], packet.Entries);
        var options = packet.Entries[1];
        Assert.Equal(QoS.ExactlyOnce, options.MaximumQoS);
        Assert.True(options.NoLocal);
        Assert.True(options.RetainAsPublished);
        Assert.Equal(RetainHandling.DoNotSend, options.RetainHandling);
        Assert.All(packet.Entries, entry => Assert.True(entry.HasValidFilter));
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public void BeforeMqtt5TheOptionsAreAQoS(ProtocolVersion version)
    {
        var packet = Parse(AnnotatedBytes.Parse("""00 01   00 01 "a" 02   00 01 "b" 00"""), version);

        Assert.Equal(0u, packet.SubscriptionIdentifier);
        Assert.Equal([QoS.ExactlyOnce, QoS.AtMostOnce], packet.Entries.Select(entry => entry.MaximumQoS));
    }

    [Theory]
    [InlineData("a#")]
    [InlineData("a/#/b")]
    [InlineData("b+")]
    [InlineData("$share/g")]
    public void AFilterThatBreaksTheGrammarIsLeftToTheAnswer(string filter)
    {
        var packet = Parse(PacketParser.BodyOf(ClientPackets.Subscribe(1, [(filter, 0), ("ok", 0)])));
        Assert.Equal([false, true], packet.Entries.Select(entry => entry.HasValidFilter));
    }

    public static TheoryData<string, string, ReasonCode> Violations => new()
    {
        { "[MQTT-2.2.1-3] packet identifier 0", """00 00   00   00 01 "a" 00""", ReasonCode.ProtocolError },
        { "[MQTT-3.8.3-2] no entries", "00 01   00", ReasonCode.ProtocolError },
        { "[MQTT-3.8.3-1] filter not UTF-8", "00 01   00   00 01 80   00", ReasonCode.MalformedPacket },
        { "[MQTT-4.7.3-2] U+0000 in a filter", "00 01   00   00 01 00   00", ReasonCode.MalformedPacket },
        { "[MQTT-4.7.3-1] empty filter", "00 01   00   00 00   00", ReasonCode.MalformedPacket },
        { "filter without options", """00 01   00   00 01 "a" """, ReasonCode.MalformedPacket },
        { "second entry cut", """00 01   00   00 01 "a" 00   00 02 "b" """, ReasonCode.MalformedPacket },
        { "§3.8.3.1 QoS 3", """00 01   00   00 01 "a" 03""", ReasonCode.ProtocolError },
        { "§3.8.3.1 retain handling 3", """00 01   00   00 01 "a" 30""", ReasonCode.ProtocolError },
        { "[MQTT-3.8.3-5] reserved bit 6", """00 01   00   00 01 "a" 40""", ReasonCode.MalformedPacket },
        { "[MQTT-3.8.3-5] reserved bit 7", """00 01   00   00 01 "a" 80""", ReasonCode.MalformedPacket },
        { "[MQTT-3.8.3-4] no local on a shared subscription", """00 01   00   00 0A "$share/g/a" 04""", ReasonCode.ProtocolError },
        { "§3.8.2.1.2 subscription identifier 0", """00 01   02 0B 00   00 01 "a" 00""", ReasonCode.ProtocolError },
        { "§3.8.2.1.2 subscription identifier twice", """00 01   04 0B 01 0B 02   00 01 "a" 00""", ReasonCode.ProtocolError },
        { "subscription identifier of five bytes", """00 01   06 0B 80 80 80 80 01   00 01 "a" 00""", ReasonCode.MalformedPacket },
        { "§2.2.2.2 property of another packet", """00 01   04 1F 00 01 "r"   00 01 "a" 00""", ReasonCode.MalformedPacket },
        { "no property length", "00 01", ReasonCode.MalformedPacket },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public void ViolationsHaveTheirReason(string rule, string body, ReasonCode expected)
    {
        var reason = SubscribePacket.TryParse(AnnotatedBytes.Parse(body), ProtocolVersion.Mqtt5, out var packet);

        Assert.True(expected == reason, $"{rule}: expected {expected}, got {reason}");
        Assert.Null(packet);
    }

    [Theory] // 3.1.1 [MQTT-3-8.3-4]
    [InlineData("03")]
    [InlineData("04")]
    [InlineData("80")]
    public void BeforeMqtt5OtherOptionsAreRefused(string options)
    {
        var body = AnnotatedBytes.Parse("""00 01   00 01 "a" """ + options);
        Assert.NotEqual(ReasonCode.Success, SubscribePacket.TryParse(body, ProtocolVersion.Mqtt311, out _));
    }

    private static SubscribePacket Parse(byte[] body, ProtocolVersion version = ProtocolVersion.Mqtt5)
    {
        Assert.Equal(ReasonCode.Success, SubscribePacket.TryParse(body, version, out var packet));
        Assert.NotNull(packet);
        return packet;
    }
}
