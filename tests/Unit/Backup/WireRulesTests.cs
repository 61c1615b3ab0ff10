using System.Text;
using GrainMQ.Gateway.Backup;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Backup;
using Xunit;

namespace GrainMQ.Tests.Unit.Backup;

/// <summary>An import takes what a client could have sent, and nothing else.</summary>
public sealed class WireRulesTests
{
    private static readonly ImportRules Rules = new WireRules(mostLevels: 128).Rules;

    [Theory]
    [InlineData("a/+/#", true)]
    [InlineData("$share/g/a/#", true)]
    [InlineData("", false)]
    [InlineData("a/#/b", false)]
    [InlineData("$share/g", false)]
    [InlineData("a\0", false)]
    public void FiltersAreThoseOfSubscribe(string filter, bool isValid) => Assert.Equal(isValid, Rules.IsFilter(filter));

    [Theory]
    [InlineData("a/b", true)]
    [InlineData("a/+", false)]
    [InlineData("#", false)]
    [InlineData("", false)]
    public void TopicsAreThoseOfPublish(string topic, bool isValid)
    {
        Assert.Equal(isValid, Rules.IsTopic(topic));
        Assert.Equal(isValid, Rules.IsMessage(MessageOf(topic)));
    }

    [Fact]
    public void TextsHaveTheLengthThatTheWireCanTellAndTheLevelsThatAreAllowed()
    {
        Assert.True(Rules.IsFilter(new string('x', 65_535)));
        Assert.False(Rules.IsFilter(new string('x', 65_536)));
        Assert.False(Rules.IsFilter(new string('ü', 40_000)));
        Assert.False(Rules.IsTopic(new string('x', 70_000)));
        Assert.False(Rules.IsTopic(new string('/', 128)));
        Assert.False(Rules.IsFilter(new string('/', 200)));
        Assert.True(Rules.IsFilter($"$share/g/{new string('/', 127)}"));
    }

    [Fact]
    public void MessageHasPropertiesThatAreForwardedAndNoOthers()
    {
        Assert.True(Rules.IsMessage(MessageOf("a", [3, 0, 1, (byte)'t', 38, 0, 1, (byte)'k', 0, 1, (byte)'v']))); // content type, user property
        Assert.False(Rules.IsMessage(MessageOf("a", [35, 0, 1]))); // a Topic Alias, which is of one connection
        Assert.False(Rules.IsMessage(MessageOf("a", [3, 0, 9, (byte)'t']))); // cut
        Assert.False(Rules.IsMessage(MessageOf("a", [200])));
        Assert.False(Rules.IsMessage([1, 2, 3]));
        Assert.False(Rules.IsMessage(MessageOf("a")[..^1]));
    }

    private static byte[] MessageOf(string topic, byte[]? properties = null, QoS qos = QoS.AtLeastOnce) =>
        Message.Create(Encoding.UTF8.GetBytes(topic), properties, "payload"u8, qos, retain: false, expiresAt: 0).ToArray();
}
