using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>Packets cut at every byte, as the network and hostile clients cut them.</summary>
public sealed class CutPacketTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public void EveryPacketIsHandledWhereverItIsCut(ProtocolVersion version)
    {
        var packets = SamplePackets.Of(version);
        Assert.NotEmpty(packets);
        foreach (var packet in packets)
        {
            PacketParser.AssertEveryCutIsHandled(packet, version);
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public void PacketsWithLengthsBeforeTheirPartsAreRefusedWhereverTheyEndEarly(ProtocolVersion version)
    {
        foreach (var packet in SamplePackets.Of(version).Where(EndsWithItsLastPart))
        {
            Assert.Equal(ReadStatus.Ok, FixedHeader.TryRead(packet, PacketParser.MaximumPacketSize, out var header, version));
            for (var length = 0; length < header.BodyLength; length++)
            {
                var reason = PacketParser.ParseBody(header, packet.AsSpan(header.HeaderLength, length), version);
                Assert.True(IsRefusedOrShorter(header, length, version, reason), $"{header.Type} of {length} bytes: {reason}");
            }
        }
    }

    // A payload has no length of its own, and a packet with one filter less is a packet.
    private static bool EndsWithItsLastPart(byte[] packet) =>
        (PacketType)(packet[0] >> 4) is PacketType.Connect or PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel
            or PacketType.Pubcomp or PacketType.Auth;

    // Acknowledgements have valid forms of 2 and 3 bytes; MQTT 3.1 lets a CONNECT end before announced credentials.
    private static bool IsRefusedOrShorter(FixedHeader header, int length, ProtocolVersion version, ReasonCode reason) =>
        reason != ReasonCode.Success
        || (header.Type is >= PacketType.Puback and <= PacketType.Pubcomp && length is 2 or 3)
        || (header.Type == PacketType.Connect && version == ProtocolVersion.Mqtt31);
}
