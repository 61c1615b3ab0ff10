using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>Reads packets as a connection does: the fixed header, then the parser of its type.</summary>
internal static class PacketParser
{
    public const int MaximumPacketSize = 1 << 20;

    /// <summary>Parses one body with the parser of its packet type.</summary>
    public static ReasonCode ParseBody(FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version) => header.Type switch
    {
        PacketType.Connect => ConnectPacket.TryParse(body, out _, out _),
        PacketType.Publish => PublishPacket.TryParse(body, header.Flags, version, out _),
        PacketType.Puback => PubackPacket.TryParse(body, version, out _),
        PacketType.Pubrec => PubrecPacket.TryParse(body, version, out _),
        PacketType.Pubrel => PubrelPacket.TryParse(body, version, out _),
        PacketType.Pubcomp => PubcompPacket.TryParse(body, version, out _),
        PacketType.Subscribe => SubscribePacket.TryParse(body, version, out _),
        PacketType.Unsubscribe => UnsubscribePacket.TryParse(body, version, out _),
        PacketType.Pingreq => PingreqPacket.TryParse(body),
        PacketType.Disconnect => DisconnectPacket.TryParse(body, version, out _),
        PacketType.Auth => AuthPacket.TryParse(body, out _),
        _ => throw new InvalidOperationException($"The fixed header let {header.Type} pass."),
    };

    /// <summary>The body of a frame that must have a valid header.</summary>
    public static byte[] BodyOf(byte[] frame, ProtocolVersion version = ProtocolVersion.Mqtt5)
    {
        Assert.Equal(ReadStatus.Ok, FixedHeader.TryRead(frame, MaximumPacketSize, out var header, version));
        Assert.Equal(frame.Length, header.PacketLength);
        return frame[header.HeaderLength..];
    }

    /// <summary>
    /// Cuts a valid frame at every byte. A stream cut there waits for more; a packet that claims to end there is parsed or
    /// refused, and of neither an exception comes.
    /// </summary>
    public static void AssertEveryCutIsHandled(byte[] frame, ProtocolVersion version)
    {
        Assert.Equal(ReadStatus.Ok, FixedHeader.TryRead(frame, MaximumPacketSize, out var header, version));
        Assert.Equal(ReasonCode.Success, ParseBody(header, frame.AsSpan(header.HeaderLength), version));

        for (var length = 0; length < frame.Length; length++)
        {
            var status = FixedHeader.TryRead(frame.AsSpan(0, length), MaximumPacketSize, out var seen, version);
            Assert.Equal(length < header.HeaderLength ? ReadStatus.NeedMore : ReadStatus.Ok, status);
            if (status == ReadStatus.Ok)
            {
                Assert.Equal(header, seen);
            }
        }

        for (var length = 0; length < header.BodyLength; length++)
        {
            ParseBody(header, frame.AsSpan(header.HeaderLength, length), version);
        }
    }
}
