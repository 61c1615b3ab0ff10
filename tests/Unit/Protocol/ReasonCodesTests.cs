using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class ReasonCodesTests
{
    [Theory] // 3.1.1 table 3.1
    [InlineData(ReasonCode.Success, 0)]
    [InlineData(ReasonCode.UnsupportedProtocolVersion, 1)]
    [InlineData(ReasonCode.ClientIdentifierNotValid, 2)]
    [InlineData(ReasonCode.ServerUnavailable, 3)]
    [InlineData(ReasonCode.ServerBusy, 3)]
    [InlineData(ReasonCode.QuotaExceeded, 3)]
    [InlineData(ReasonCode.BadUserNameOrPassword, 4)]
    [InlineData(ReasonCode.NotAuthorized, 5)]
    [InlineData(ReasonCode.Banned, 5)]
    public void RefusalsHaveTheReturnCodeOfMqtt311(ReasonCode reason, byte expected)
    {
        Assert.True(reason.TryToConnectReturnCode(out var returnCode));
        Assert.Equal(expected, returnCode);
    }

    [Theory] // 3.1.1 [MQTT-3.1.4-1], [MQTT-3.2.2-6]
    [InlineData(ReasonCode.MalformedPacket)]
    [InlineData(ReasonCode.ProtocolError)]
    [InlineData(ReasonCode.TopicNameInvalid)]
    public void PacketsThatDoNotConformHaveNone(ReasonCode reason) => Assert.False(reason.TryToConnectReturnCode(out _));

    [Fact]
    public void CodesFrom128OnAreErrors()
    {
        Assert.All(Enum.GetValues<ReasonCode>(), reason => Assert.Equal((byte)reason >= 0x80, reason.IsError()));
    }
}
