using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class TopicFilterTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("/")]
    [InlineData("#")]
    [InlineData("+")]
    [InlineData("+/tennis/#")]
    [InlineData("sport/+/player1")]
    [InlineData("/+")]
    [InlineData("+/+")]
    [InlineData("a//b")]
    [InlineData("sport/tennis/#")]
    [InlineData("$SYS/#")]
    [InlineData("$share")]
    [InlineData("$share/consumer1/sport/tennis/+")]
    [InlineData("$share/g/#")]
    [InlineData("$share/g//")]
    public void FiltersOfTheGrammarAreValid(string filter) => Assert.True(TopicFilter.IsValid(filter));

    [Theory]
    [InlineData("")] // [MQTT-4.7.3-1]
    [InlineData("sport/tennis#")] // [MQTT-4.7.1-1]
    [InlineData("sport/tennis/#/ranking")]
    [InlineData("#/a")]
    [InlineData("##")]
    [InlineData("sport+")] // [MQTT-4.7.1-2]
    [InlineData("+sport")]
    [InlineData("a/++/b")]
    [InlineData("a/+b/c")]
    [InlineData("+#")]
    [InlineData("a\0")] // [MQTT-4.7.3-2]
    [InlineData("$share/")] // [MQTT-4.8.2-1]
    [InlineData("$share//a")]
    [InlineData("$share/g")] // [MQTT-4.8.2-2]
    [InlineData("$share/g/")]
    [InlineData("$share/+/a")]
    [InlineData("$share/g#/a")]
    [InlineData("$share/g/a#")]
    public void OthersAreNot(string filter) => Assert.False(TopicFilter.IsValid(filter));

    [Theory]
    [InlineData("$share/g/a/b", "g", "a/b")]
    [InlineData("$share/g/#", "g", "#")]
    [InlineData("$share/g//a", "g", "/a")]
    [InlineData("$share/g/$SYS/a", "g", "$SYS/a")]
    public void SharedSubscriptionsAreSplit(string filter, string shareName, string inner)
    {
        Assert.True(TopicFilter.TryParseShared(filter, out var actualName, out var actualInner));
        Assert.Equal((shareName, inner), (actualName, actualInner));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("$Share/g/a")]
    [InlineData("share/g/a")]
    [InlineData("$share/g/a#")]
    [InlineData("$share/g")]
    public void OtherFiltersAreNotShared(string filter) => Assert.False(TopicFilter.TryParseShared(filter, out _, out _));

    [Theory] // the examples of §4.7.1 and §4.7.2
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1")]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/ranking")]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon")]
    [InlineData("sport/#", "sport")]
    [InlineData("#", "sport/tennis")]
    [InlineData("#", "/")]
    [InlineData("sport/tennis/+", "sport/tennis/player1")]
    [InlineData("sport/+", "sport/")]
    [InlineData("+/+", "/finance")]
    [InlineData("/+", "/finance")]
    [InlineData("+", "finance")]
    [InlineData("$SYS/#", "$SYS/a")]
    [InlineData("$SYS/monitor/+", "$SYS/monitor/Clients")]
    [InlineData("a//b", "a//b")]
    public void TopicsThatMatch(string filter, string topic) => Assert.True(TopicFilter.Matches(filter, topic));

    [Theory]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking")]
    [InlineData("sport/+", "sport")]
    [InlineData("+", "/finance")]
    [InlineData("#", "$SYS/a")] // [MQTT-4.7.2-1]
    [InlineData("+/monitor/Clients", "$SYS/monitor/Clients")]
    [InlineData("ACCOUNTS", "Accounts")]
    [InlineData("a/b", "a/b/c")]
    [InlineData("a/b/c", "a/b")]
    [InlineData("/a", "a")]
    public void TopicsThatDoNot(string filter, string topic) => Assert.False(TopicFilter.Matches(filter, topic));
}
