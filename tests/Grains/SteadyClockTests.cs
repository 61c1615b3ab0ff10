using GrainMQ.Grains;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Grains;

public sealed class SteadyClockTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly SteadyClock _clock;
    private readonly long _start;

    public SteadyClockTests()
    {
        _clock = new SteadyClock(_time);
        _start = _time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public void WallClockThatIsSetDoesNotMoveIt(int hours)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        _time.SetWallClock(TimeSpan.FromHours(hours));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(_start + 2_000, _clock.Now);
        Assert.Equal(_clock.Now, _clock.GetUtcNow().ToUnixTimeMilliseconds());
    }

    [Fact]
    public void ItReachesALaterTimeAndNoEarlierOne()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        _clock.Reach(_start + 60_000);
        _clock.Reach(_start);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(_start + 61_000, _clock.Now);
    }

    [Fact]
    public void ItTakesAnyTimeThatIsSet()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        _clock.Set(_start - 60_000);
        Assert.Equal(_start - 60_000, _clock.Now);
    }

    [Fact]
    public void StartAndTimestampsAreOnItsTimeToo()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        var timestamp = _clock.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(1));
        _clock.Reach(_start + 60_000);

        Assert.Equal(_start + 58_000, _clock.StartedAt);
        Assert.Equal(1_000, _clock.Since(timestamp));
    }
}
