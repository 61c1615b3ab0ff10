using GrainMQ.Gateway.Configuration;
using GrainMQ.Silo.Configuration;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

public sealed class OptionValueTests
{
    public static TheoryData<string> Keys => [.. GatewayKeys.All.Select(key => key.Text)];

    [Theory]
    [MemberData(nameof(Keys))]
    public void EveryDefaultCanBeWrittenAndIsWithinItsRange(string name)
    {
        var key = GatewayKeys.All.Single(key => key.Text == name);
        var options = new GatewayOptions();
        var value = key.Property.GetValue(key.Target(options));

        Assert.Null(OptionValue.Set(key, key.Target(options), value is null ? null : OptionValue.Format(value)));
        Assert.Equal(value, key.Property.GetValue(key.Target(options)));
    }

    [Theory]
    [InlineData("Options", "options", 0)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("Recieve", "Receive", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "", 3)]
    public void DistanceCountsEdits(string a, string b, int distance) => Assert.Equal(distance, NearestName.Distance(a, b));
}
