using System.Text;
using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class TopicNameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("/finance")]
    [InlineData("Accounts payable")]
    [InlineData("$SYS/broker")]
    [InlineData("städte/köln")]
    public void NamesAreValid(string topic) => Assert.True(TopicName.IsValid(Encoding.UTF8.GetBytes(topic)));

    [Theory] // §4.7.2
    [InlineData("$SYS", true)]
    [InlineData("$SYS/", true)]
    [InlineData("$SYS/broker/uptime", true)]
    [InlineData("$share/g/t", true)]
    [InlineData("$share/", true)]
    [InlineData("$share", false)] // a filter of this name is no Shared Subscription
    [InlineData("$shared/g", false)]
    [InlineData("$SYSTEM", false)]
    [InlineData("$sys/x", false)]
    [InlineData("$S", false)]
    [InlineData("$", false)]
    [InlineData("$aws/x", false)]
    [InlineData("a/$SYS/x", false)]
    [InlineData("SYS/x", false)]
    public void ReservedNamesBeginWithSysOrShare(string topic, bool isReserved) => Assert.Equal(isReserved, TopicName.IsReserved(Encoding.UTF8.GetBytes(topic)));

    [Theory]
    [InlineData("")] // [MQTT-4.7.3-1]
    [InlineData("+")] // [MQTT-3.3.2-2]
    [InlineData("#")]
    [InlineData("a/#")]
    [InlineData("a+b")]
    [InlineData("a\0b")] // [MQTT-4.7.3-2]
    public void EmptyNamesWildcardsAndNullAreNot(string topic) => Assert.False(TopicName.IsValid(Encoding.UTF8.GetBytes(topic)));

    [Fact]
    public void IllFormedUtf8IsNot() => Assert.False(TopicName.IsValid([0x61, 0xED, 0xA0, 0x80]));
}
