using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Connections;
using GrainMQ.Silo;
using GrainMQ.Silo.Configuration;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

/// <summary>Every option with values that make no sense: each is taken as something that can work, or refused with what would.</summary>
public sealed class OptionRangeTests
{
    private static readonly string[] Absurd =
    [
        "", " ", "0", "-0", "-1", "1", "1.5", "1e9", "0x10", "NaN", "Infinity", "-Infinity", "null", "none", "true", "☃",
        "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999999", "9007199254740993KiB", "-1MiB",
        "0s", "-1s", "NaNs", "1ms", "36500d", "1e9s", "00:00:00", "-00:00:01", "10675199.02:48:05.4775807", "200", "101",
    ];

    private static readonly IReadOnlyList<OptionKey> All =
        [.. GatewayKeys.Everywhere.Concat(OptionKey.Of(typeof(SiloOptions))).DistinctBy(key => key.Text)];

    public static TheoryData<string> Keys => [.. All.Select(key => key.Text)];

    [Theory]
    [MemberData(nameof(Keys))]
    public void EveryNumberAndDurationHasARange(string name)
    {
        var key = Key(name);
        var counts = key.Type == typeof(TimeSpan) || (key.Type.IsPrimitive && key.Type != typeof(bool));

        Assert.Equal(counts, OptionValue.RangeOf(key) is not null);
        Assert.True(!counts || key.Range is not null || key.Type == typeof(ushort)); // other types allow what no option means
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void AbsurdValueIsWithinTheRangeOrRefused(string name)
    {
        var key = Key(name);
        foreach (var text in Absurd)
        {
            var target = Activator.CreateInstance(key.Property.DeclaringType!)!; // options classes can be made
            if (OptionValue.Set(key, target, text) is { } expected)
            {
                Assert.Contains(OptionValue.RangeOf(key) ?? "", expected);
                continue;
            }

            var value = key.Property.GetValue(target);
            Assert.True(key.Allows(value), $"{name}={text} is {value}");
            Assert.True(value is not TimeSpan time || time >= TimeSpan.Zero, $"{name}={text} is {value}");
            Assert.True(value is null or bool or Enum or string or TimeSpan || Convert.ToInt64(value, null) >= 0, $"{name}={text} is {value}");
            Assert.True(value is not Enum named || Enum.IsDefined(named.GetType(), named), $"{name}={text} is {value}");
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void RefusalNamesKeyValueAndRange(string name)
    {
        var key = Key(name);
        if (!GatewayKeys.All.Contains(key) || OptionValue.RangeOf(key) is not { } range)
        {
            return;
        }

        var (_, errors) = Load(new Setting(name, "-1", "--set"));

        Assert.Equal($"{name} (--set): read '-1', expected ", errors[0][..(name.Length + 30)]);
        Assert.EndsWith($"{range}.", errors[0]);
    }

    [Theory]
    [InlineData("Memory:MaximumBytes", "1", "expected bytes such as 65536, 64KiB or 1MiB 0 or from 160MiB to 1048576GiB.")]
    [InlineData("Memory:RefuseConnectPercent", "200", "expected a number from 1 to 100.")]
    [InlineData("Memory:RefuseConnectPercent", "0", "expected a number from 1 to 100.")]
    [InlineData("Grains:StoreShards", "0", "expected a number from 1 to 1024.")]
    [InlineData("Store:WriteThreads", "9999", "expected a number from 1 to 256.")]
    [InlineData("Store:SegmentAge", "0s", "expected a duration such as 500ms, 10s, 2m, 1h or 7d from 1s to 365d.")]
    [InlineData("Grains:GatewaySilence", "99999d", "from 11s to 1d.")]
    public void OutOfRangeIsRefused(string key, string value, string expected)
    {
        var (_, errors) = Load(new Setting(key, value, "--set"));

        Assert.EndsWith(expected, Assert.Single(errors));
        Assert.StartsWith($"{key} (--set): read '{value}'", errors[0]);
    }

    [Theory]
    [InlineData("256MiB", 16 << 20, true)]
    [InlineData("256MiB", (16 << 20) + 1, false)]
    public void LargestPacketIsASixteenthOfTheMemory(string memory, int packet, bool isAllowed)
    {
        var (_, errors) = Load(new("Memory:MaximumBytes", memory, "--set"), new("Connections:MaximumPacketSize", $"{packet}", "--set"));

        Assert.Equal(isAllowed, errors.Count == 0);
        Assert.All(errors, error => Assert.StartsWith($"Connections:MaximumPacketSize is {packet}; allowed is 64 to {16 << 20}, a sixteenth of the memory", error));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void EveryPercentIsOneThatTheGuardCanUse(int percent)
    {
        var options = new MemoryOptions { RefuseConnectPercent = percent, PauseQoS0Percent = percent, DisconnectSlowestPercent = percent };

        Assert.All(
            GatewayKeys.All.Where(key => key.Section == "Memory" && key.Name.EndsWith("Percent", StringComparison.Ordinal)),
            key => Assert.True(key.Allows(key.Property.GetValue(options))));
    }

    private static OptionKey Key(string name) => All.Single(key => key.Text == name);

    private static (GatewayOptions Options, IReadOnlyList<string> Errors) Load(params Setting[] settings) =>
        new GatewayConfiguration(null, new Dictionary<Gateway.Listeners.ListenerKind, IReadOnlyList<string>>(), settings).Load();
}
