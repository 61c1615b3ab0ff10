using GrainMQ.Gateway.Transports;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Transports;

public sealed class PacketFramesTests
{
    [Theory]
    [InlineData(2, "82 02")]
    [InlineData(125, "82 7D")]
    [InlineData(126, "82 7E 00 7E")]
    [InlineData(65_535, "82 7E FF FF")]
    [InlineData(65_536, "82 7F 00 00 00 00 00 01 00 00")]
    public void HeaderIsAsShortAsItCanBe(int length, string header) // RFC 6455 §5.2
    {
        var packet = Packet(length);

        Assert.Equal([.. Convert.FromHexString(header.Replace(" ", "", StringComparison.Ordinal)), .. packet], Frames(packet));
    }

    [Fact]
    public void EveryPacketHasAFrame()
    {
        byte[] pingresp = [0xD0, 0], puback = [0x40, 2, 0, 1];

        Assert.Equal([0x82, 2, .. pingresp, 0x82, 4, .. puback, 0x82, 126, 1, 44, .. Packet(300), 0x82, 2, .. pingresp],
            Frames([.. pingresp, .. puback, .. Packet(300), .. pingresp]));
    }

    [Theory]
    [InlineData("D0")]
    [InlineData("30 05 00")] // ends early
    [InlineData("30 FF FF FF FF 00")] // no length
    public void WhatIsNoPacketIsOneFrame(string rest)
    {
        var bytes = Convert.FromHexString(rest.Replace(" ", "", StringComparison.Ordinal));

        Assert.Equal([0x82, 2, 0xD0, 0, 0x82, (byte)bytes.Length, .. bytes], Frames([0xD0, 0, .. bytes]));
    }

    private static byte[] Packet(int length)
    {
        for (var payload = length; ; payload--)
        {
            var packet = payload < 1 ? [0xD0, 0] : ClientPackets.Publish("t", new string('x', payload - 1), GrainMQ.Gateway.Protocol.QoS.AtMostOnce);
            if (packet.Length == length)
            {
                return packet;
            }
        }
    }

    private static byte[] Frames(byte[] packets)
    {
        var frames = new byte[PacketFrames.Measure(packets)];
        PacketFrames.Write(packets, frames);
        return frames;
    }
}
