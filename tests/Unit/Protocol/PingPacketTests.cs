using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class PingPacketTests
{
    [Fact]
    public void PingreqHasNoBody()
    {
        Assert.Equal(ReasonCode.Success, PingreqPacket.TryParse([]));
        Assert.Equal(ReasonCode.MalformedPacket, PingreqPacket.TryParse([0x00]));
    }

    [Fact]
    public void PingrespIsTwoBytes() => Assert.Equal([0xD0, 0x00], PingrespPacket.Frame.ToArray());
}
