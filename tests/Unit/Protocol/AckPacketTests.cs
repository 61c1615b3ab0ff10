using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP, which differ in their first byte and their Reason Codes only.</summary>
public sealed class AckPacketTests
{
    /// <summary>The Reason Codes that the specification lists for PUBACK and PUBREC. [MQTT-3.4.2-1] [MQTT-3.5.2-1]</summary>
    private static readonly ReasonCode[] CodesOfReceipt =
    [
        ReasonCode.Success, ReasonCode.NoMatchingSubscribers, ReasonCode.UnspecifiedError, ReasonCode.ImplementationSpecificError,
        ReasonCode.NotAuthorized, ReasonCode.TopicNameInvalid, ReasonCode.PacketIdentifierInUse, ReasonCode.QuotaExceeded,
        ReasonCode.PayloadFormatInvalid,
    ];

    /// <summary>Those for PUBREL and PUBCOMP. [MQTT-3.6.2-1] [MQTT-3.7.2-1]</summary>
    private static readonly ReasonCode[] CodesOfRelease = [ReasonCode.Success, ReasonCode.PacketIdentifierNotFound];

    public static TheoryData<PacketType> Packets => [PacketType.Puback, PacketType.Pubrec, PacketType.Pubrel, PacketType.Pubcomp];

    public static MatrixTheoryData<PacketType, ProtocolVersion> PacketsAndVersions => new(Packets.Select(row => row.Data), Enum.GetValues<ProtocolVersion>());

    public static MatrixTheoryData<PacketType, ProtocolVersion> PacketsBeforeMqtt5 =>
        new(Packets.Select(row => row.Data), [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311]);

    public static TheoryData<PacketType, ProtocolVersion, string> Successes => EachPacket<ProtocolVersion, string>(
        (ProtocolVersion.Mqtt31, "01 02"),
        (ProtocolVersion.Mqtt311, "01 02"),
        (ProtocolVersion.Mqtt5, "01 02"), // §3.4.2.1: the reason is left out
        (ProtocolVersion.Mqtt5, "01 02 00"), // §3.4.2.2.1: the property length is left out
        (ProtocolVersion.Mqtt5, "01 02 00 00"),
        (ProtocolVersion.Mqtt5, """01 02 00 0B   1F 00 01 "r"   26 00 01 "n" 00 01 "v" """));

    public static TheoryData<PacketType, string, ReasonCode> Violations => EachPacket<string, ReasonCode>(
        ("", ReasonCode.MalformedPacket),
        ("01", ReasonCode.MalformedPacket),
        ("00 00", ReasonCode.ProtocolError), // [MQTT-2.2.1-3]
        ("00 01 00 01", ReasonCode.MalformedPacket), // properties cut
        ("00 01 00 00 00", ReasonCode.MalformedPacket), // a byte too many
        ("00 01 00 05   11 00 00 00 01", ReasonCode.MalformedPacket), // a property of another packet
        ("""00 01 00 08   1F 00 01 "a"  1F 00 01 "b" """, ReasonCode.ProtocolError), // reason string twice
        ("00 01 00 04   1F 00 01 C3", ReasonCode.MalformedPacket)); // not UTF-8

    [Theory]
    [MemberData(nameof(Successes))]
    public void SuccessIsRead(PacketType packet, ProtocolVersion version, string body)
    {
        Assert.Equal(ReasonCode.Success, Parse(packet, AnnotatedBytes.Parse(body), version, out var packetId, out var reason));
        Assert.Equal((0x0102, ReasonCode.Success), (packetId, reason));
    }

    [Theory]
    [MemberData(nameof(Packets))]
    public void OnlyTheCodesOfThePacketAreAccepted(PacketType packet)
    {
        for (var code = 0; code <= byte.MaxValue; code++)
        {
            var allowed = CodesOf(packet).Contains((ReasonCode)code);
            var result = Parse(packet, [0x01, 0x02, (byte)code], ProtocolVersion.Mqtt5, out _, out var reason);

            Assert.Equal(allowed ? ReasonCode.Success : ReasonCode.ProtocolError, result);
            if (allowed)
            {
                Assert.Equal((ReasonCode)code, reason);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Violations))]
    public void ViolationsHaveTheirReason(PacketType packet, string body, ReasonCode expected) =>
        Assert.Equal(expected, Parse(packet, AnnotatedBytes.Parse(body), ProtocolVersion.Mqtt5, out _, out _));

    [Theory]
    [MemberData(nameof(PacketsBeforeMqtt5))]
    public void BeforeMqtt5NothingFollowsThePacketIdentifier(PacketType packet, ProtocolVersion version) =>
        Assert.Equal(ReasonCode.MalformedPacket, Parse(packet, [0x01, 0x02, 0x00], version, out _, out _));

    [Theory]
    [MemberData(nameof(PacketsAndVersions))]
    public void WhatIsWrittenIsReadAgain(PacketType packet, ProtocolVersion version)
    {
        Span<byte> frame = stackalloc byte[PubackPacket.MaximumSize];
        foreach (var code in CodesOf(packet))
        {
            var expected = version == ProtocolVersion.Mqtt5 ? code : ReasonCode.Success;
            var size = Write(packet, frame, version, 513, code);

            Assert.Equal(expected == ReasonCode.Success ? 4 : 5, size);
            Assert.Equal(FirstByteOf(packet), frame[0]);
            Assert.Equal(size - 2, frame[1]);
            Assert.Equal(ReasonCode.Success, Parse(packet, frame[2..size], version, out var packetId, out var reason));
            Assert.Equal((513, expected), (packetId, reason));
        }
    }

    private static TheoryData<PacketType, T1, T2> EachPacket<T1, T2>(params (T1, T2)[] rows)
    {
        var data = new TheoryData<PacketType, T1, T2>();
        foreach (var packet in Packets)
        {
            foreach (var (first, second) in rows)
            {
                data.Add(packet.Data, first, second);
            }
        }

        return data;
    }

    private static byte FirstByteOf(PacketType packet) => packet switch
    {
        PacketType.Puback => 0x40,
        PacketType.Pubrec => 0x50,
        PacketType.Pubrel => 0x62,
        _ => 0x70,
    };

    private static ReasonCode[] CodesOf(PacketType packet) => packet is PacketType.Puback or PacketType.Pubrec ? CodesOfReceipt : CodesOfRelease;

    private static ReasonCode Parse(PacketType packet, ReadOnlySpan<byte> body, ProtocolVersion version, out ushort packetId, out ReasonCode reason)
    {
        ReasonCode result;
        switch (packet)
        {
            case PacketType.Puback:
                result = PubackPacket.TryParse(body, version, out var puback);
                (packetId, reason) = puback;
                return result;
            case PacketType.Pubrec:
                result = PubrecPacket.TryParse(body, version, out var pubrec);
                (packetId, reason) = pubrec;
                return result;
            case PacketType.Pubrel:
                result = PubrelPacket.TryParse(body, version, out var pubrel);
                (packetId, reason) = pubrel;
                return result;
            default:
                result = PubcompPacket.TryParse(body, version, out var pubcomp);
                (packetId, reason) = pubcomp;
                return result;
        }
    }

    private static int Write(PacketType packet, Span<byte> destination, ProtocolVersion version, ushort packetId, ReasonCode reason) => packet switch
    {
        PacketType.Puback => PubackPacket.Write(destination, version, packetId, reason),
        PacketType.Pubrec => PubrecPacket.Write(destination, version, packetId, reason),
        PacketType.Pubrel => PubrelPacket.Write(destination, version, packetId, reason),
        _ => PubcompPacket.Write(destination, version, packetId, reason),
    };
}
