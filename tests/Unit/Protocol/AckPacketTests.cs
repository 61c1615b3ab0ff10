using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>What holds for PUBACK, PUBREC, PUBREL and PUBCOMP alike; a class per packet names its parser and its codes.</summary>
public abstract class AckPacketTests
{
    protected abstract byte FirstByte { get; }

    /// <summary>The Reason Codes that the specification lists for the packet.</summary>
    protected abstract ReasonCode[] Codes { get; }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, "01 02")]
    [InlineData(ProtocolVersion.Mqtt311, "01 02")]
    [InlineData(ProtocolVersion.Mqtt5, "01 02")] // §3.4.2.1: the reason is left out
    [InlineData(ProtocolVersion.Mqtt5, "01 02 00")] // §3.4.2.2.1: the property length is left out
    [InlineData(ProtocolVersion.Mqtt5, "01 02 00 00")]
    [InlineData(ProtocolVersion.Mqtt5, """01 02 00 0B   1F 00 01 "r"   26 00 01 "n" 00 01 "v" """)]
    public void SuccessIsRead(ProtocolVersion version, string body)
    {
        Assert.Equal(ReasonCode.Success, Parse(AnnotatedBytes.Parse(body), version, out var packetId, out var reason));
        Assert.Equal((0x0102, ReasonCode.Success), (packetId, reason));
    }

    [Fact]
    public void OnlyTheCodesOfThePacketAreAccepted()
    {
        for (var code = 0; code <= byte.MaxValue; code++)
        {
            var allowed = Codes.Contains((ReasonCode)code);
            var result = Parse([0x01, 0x02, (byte)code], ProtocolVersion.Mqtt5, out _, out var reason);

            Assert.Equal(allowed ? ReasonCode.Success : ReasonCode.ProtocolError, result);
            if (allowed)
            {
                Assert.Equal((ReasonCode)code, reason);
            }
        }
    }

    [Theory]
    [InlineData("", ReasonCode.MalformedPacket)]
    [InlineData("01", ReasonCode.MalformedPacket)]
    [InlineData("00 00", ReasonCode.ProtocolError)] // [MQTT-2.2.1-3]
    [InlineData("00 01 00 01", ReasonCode.MalformedPacket)] // properties cut
    [InlineData("00 01 00 00 00", ReasonCode.MalformedPacket)] // a byte too many
    [InlineData("00 01 00 05   11 00 00 00 01", ReasonCode.MalformedPacket)] // a property of another packet
    [InlineData("""00 01 00 08   1F 00 01 "a"  1F 00 01 "b" """, ReasonCode.ProtocolError)] // reason string twice
    [InlineData("00 01 00 04   1F 00 01 C3", ReasonCode.MalformedPacket)] // not UTF-8
    public void ViolationsHaveTheirReason(string body, ReasonCode expected) =>
        Assert.Equal(expected, Parse(AnnotatedBytes.Parse(body), ProtocolVersion.Mqtt5, out _, out _));

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public void BeforeMqtt5NothingFollowsThePacketIdentifier(ProtocolVersion version) =>
        Assert.Equal(ReasonCode.MalformedPacket, Parse([0x01, 0x02, 0x00], version, out _, out _));

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public void WhatIsWrittenIsReadAgain(ProtocolVersion version)
    {
        Span<byte> frame = stackalloc byte[PubackPacket.MaximumSize];
        foreach (var code in Codes)
        {
            var expected = version == ProtocolVersion.Mqtt5 ? code : ReasonCode.Success;
            var size = Write(frame, version, 513, code);

            Assert.Equal(expected == ReasonCode.Success ? 4 : 5, size);
            Assert.Equal(FirstByte, frame[0]);
            Assert.Equal(size - 2, frame[1]);
            Assert.Equal(ReasonCode.Success, Parse(frame[2..size], version, out var packetId, out var reason));
            Assert.Equal((513, expected), (packetId, reason));
        }
    }

    protected abstract ReasonCode Parse(ReadOnlySpan<byte> body, ProtocolVersion version, out ushort packetId, out ReasonCode reason);

    protected abstract int Write(Span<byte> destination, ProtocolVersion version, ushort packetId, ReasonCode reason);
}
