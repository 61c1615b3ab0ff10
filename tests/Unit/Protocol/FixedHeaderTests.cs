using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class FixedHeaderTests
{
    private const int Maximum = 1000;

    [Fact]
    public void HeaderIsReadBeforeTheBodyArrives()
    {
        Assert.Equal(ReadStatus.Ok, FixedHeader.TryRead([0x3D, 0xC8, 0x01], Maximum, out var header));

        Assert.Equal(new FixedHeader(PacketType.Publish, 0x0D, HeaderLength: 3, BodyLength: 200), header);
        Assert.Equal(203, header.PacketLength);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x30 })]
    [InlineData(new byte[] { 0x30, 0x80 })]
    [InlineData(new byte[] { 0x30, 0x80, 0x80, 0x80 })]
    public void AnIncompleteHeaderNeedsMore(byte[] input) =>
        Assert.Equal(ReadStatus.NeedMore, FixedHeader.TryRead(input, Maximum, out _));

    [Theory] // [MQTT-1.5.5-1], §2.1.4
    [InlineData(new byte[] { 0x30, 0x80, 0x80, 0x80, 0x80 })]
    [InlineData(new byte[] { 0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]
    [InlineData(new byte[] { 0x30, 0x80, 0x00 })]
    public void AnImpossibleRemainingLengthIsMalformed(byte[] input) =>
        Assert.Equal(ReadStatus.Malformed, FixedHeader.TryRead(input, Maximum, out _));

    [Theory]
    [InlineData(997, ReadStatus.Ok)]
    [InlineData(998, ReadStatus.TooLarge)]
    public void HeaderAndBodyCountTowardsTheMaximumPacketSize(int bodyLength, ReadStatus expected) =>
        Assert.Equal(expected, FixedHeader.TryRead([0x30, (byte)(bodyLength | 0x80), (byte)(bodyLength >> 7)], Maximum, out _));

    [Fact] // [MQTT-2.1.3-1], [MQTT-3.1.0-1]: what is not in this list is refused on its first byte.
    public void OnlyThePacketsAndFlagsOfClientsAreAccepted()
    {
        byte[] accepted = [0x10, .. Enumerable.Range(0x30, 16).Select(b => (byte)b), 0x40, 0x50, 0x62, 0x70, 0x82, 0xA2, 0xC0, 0xE0, 0xF0];

        for (var first = 0; first <= byte.MaxValue; first++)
        {
            var expected = accepted.Contains((byte)first);
            Assert.Equal(expected ? ReadStatus.NeedMore : ReadStatus.Malformed, FixedHeader.TryRead([(byte)first], Maximum, out _));
            Assert.Equal(expected ? ReadStatus.Ok : ReadStatus.Malformed, FixedHeader.TryRead([(byte)first, 0], Maximum, out _));
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, ReadStatus.Malformed)]
    [InlineData(ProtocolVersion.Mqtt311, ReadStatus.Malformed)]
    [InlineData(ProtocolVersion.Mqtt5, ReadStatus.Ok)]
    public void AuthExistsInMqtt5Only(ProtocolVersion version, ReadStatus expected) =>
        Assert.Equal(expected, FixedHeader.TryRead([0xF0, 0x00], Maximum, out _, version));

    [Theory]
    [InlineData(0x6A)]
    [InlineData(0x8A)]
    [InlineData(0xAA)]
    public void Mqtt31MarksRepeatedPacketsWithDup(byte first)
    {
        Assert.Equal(ReadStatus.Ok, FixedHeader.TryRead([first, 0x00], Maximum, out _, ProtocolVersion.Mqtt31));
        Assert.Equal(ReadStatus.Malformed, FixedHeader.TryRead([first, 0x00], Maximum, out _, ProtocolVersion.Mqtt311));
    }
}
