using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class TimerTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TestCluster _test = new();

    private IProbe Grain => _test.Grain<IProbe>("a");

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task ATimerTicksAtItsDueTimeAndThenEveryPeriod()
    {
        await StartAsync("t", 3 * Second, Second);
        _test.Time.Advance(2.9 * Second);
        Assert.Equal(0, _test.Journal.Count("t tick"));
        for (var tick = 1; tick <= 3; tick++) await AdvanceToTickAsync("t", tick);
        Assert.Equal(3, _test.Journal.Count("t tick"));
    }

    [Fact]
    public async Task AnInfinitePeriodTicksOnce()
    {
        await StartAsync("t", Second, Timeout.InfiniteTimeSpan);
        await AdvanceToTickAsync("t", 1);
        _test.Time.Advance(100 * Second);
        await Grain.CountAsync();
        Assert.Equal(1, _test.Journal.Count("t tick"));
    }

    [Fact]
    public async Task ThePeriodCountsFromTheEndOfATick()
    {
        await StartAsync("held", Second, Second, interleave: true);
        _test.Time.Advance(Second);
        await _test.Journal.Seen("held tick");
        _test.Time.Advance(10 * Second);
        await Grain.PeekAsync();
        Assert.Equal(1, _test.Journal.Count("held tick"));
        _test.Journal.Open("held");
        await _test.Journal.Seen("held tock");
        await AdvanceToTickAsync("held", 2);
    }

    [Fact]
    public async Task ATickWaitsForARunningCallUnlessItInterleaves()
    {
        await StartAsync("waits", Second, Timeout.InfiniteTimeSpan);
        await StartAsync("interleaves", Second, Timeout.InfiniteTimeSpan, interleave: true);
        var held = Grain.HoldAsync("call");
        await _test.Journal.Seen("call began");
        _test.Time.Advance(Second);
        await _test.Journal.Seen("interleaves tock");
        Assert.Equal(0, _test.Journal.Count("waits tick"));
        _test.Journal.Open("call");
        await held;
        await _test.Journal.Seen("waits tock");
    }

    [Fact]
    public async Task AFailingTickIsLoggedAndTheTimerGoesOn()
    {
        await StartAsync("t", Second, Second, fails: true);
        _test.Time.Advance(Second);
        await _test.Log.Journal.Seen("5103");
        await Grain.CountAsync();
        _test.Time.Advance(Second);
        await _test.Log.Journal.Seen("5103", 2);
    }

    [Fact]
    public async Task AChangedTimerKeepsItsNewTimesAndADisposedOneStops()
    {
        await StartAsync("t", Second, Second);
        await Grain.ChangeTimerAsync(5 * Second, 2 * Second);
        _test.Time.Advance(4.9 * Second);
        await Grain.CountAsync();
        Assert.Equal(0, _test.Journal.Count("t tick"));
        await AdvanceToTickAsync("t", 1);
        await Grain.StopTimerAsync();
        await Grain.ChangeTimerAsync(Second, Second);
        _test.Time.Advance(100 * Second);
        await Grain.CountAsync();
        Assert.Equal(1, _test.Journal.Count("t tick"));
    }

    [Fact]
    public async Task AStoppedTimerCancelsItsTick()
    {
        await StartAsync("held", Second, Second, interleave: true);
        _test.Time.Advance(Second);
        await _test.Journal.Seen("held tick");
        await Grain.StopTimerAsync();
        Assert.Equal(0, _test.Journal.Count("held tock"));
    }

    [Fact]
    public async Task ATimerEndsWithItsActivation()
    {
        await StartAsync("t", Second, Second);
        await Grain.DeactivateAsync();
        await Grain.CountAsync();
        _test.Time.Advance(10 * Second);
        await Grain.CountAsync();
        Assert.Equal(0, _test.Journal.Count("t tick"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OnlyATimerThatKeepsAliveKeepsItsActivation(bool keepAlive)
    {
        await StartAsync("t", 20 * Second, 20 * Second, keepAlive: keepAlive);
        for (var tick = 1; tick <= 12 && _test.Journal.Count("a deactivated ActivationIdle") == 0; tick++)
        {
            _test.Time.Advance(20 * Second);
            // until the tick has ended: the collector's timer and this one are armed, or the activation is gone
            while (_test.Time.ArmedTimers < 2 && _test.Cluster.ActivationCount > 0) await Task.Yield();
        }
        if (!keepAlive) await _test.Journal.Seen("a deactivated ActivationIdle");
        Assert.Equal(keepAlive ? 0 : 1, _test.Journal.Count("a deactivated ActivationIdle"));
    }

    [Fact]
    public async Task ImpossibleTimesAreRefused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => StartAsync("t", TimeSpan.FromSeconds(-2), Second));

    private Task StartAsync(string name, TimeSpan due, TimeSpan period, bool interleave = false, bool keepAlive = false, bool fails = false) =>
        Grain.StartTimerAsync(name, due, period, interleave, keepAlive, fails);

    private async Task AdvanceToTickAsync(string name, int tick)
    {
        await Grain.PeekAsync(); // a turn after the tick before, so that the timer is armed again
        _test.Time.Advance(Second);
        await _test.Journal.Seen($"{name} tock", tick);
    }
}
