using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public sealed class TimerTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ProbeCluster _test = new();

    private IProbe Grain => _test.Grain<IProbe>("a");

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public void TimerTicksAtItsDueTimeAndThenEveryPeriod()
    {
        Start(new ProbeTimer("t", 3 * Second, Second));
        _test.Advance(2.9);
        Assert.Equal(0, _test.Journal.Count("t tick"));
        for (var tick = 1; tick <= 3; tick++)
        {
            _test.Advance(1);
            Assert.Equal(tick, _test.Journal.Count("t tock"));
        }
    }

    [Fact]
    public void InfinitePeriodTicksOnce()
    {
        Start(new ProbeTimer("t", Second, Timeout.InfiniteTimeSpan));
        _test.Advance(100);
        Assert.Equal(1, _test.Journal.Count("t tick"));
    }

    [Fact]
    public void PeriodCountsFromTheEndOfATick()
    {
        Start(new ProbeTimer("held", Second, Second, Interleave: true));
        _test.Advance(1);
        _test.Advance(10);
        Assert.Equal(1, _test.Journal.Count("held tick"));
        _test.Journal.Open("held");
        _test.Advance(0.9);
        Assert.Equal(1, _test.Journal.Count("held tick"));
        _test.Advance(0.1);
        Assert.Equal(2, _test.Journal.Count("held tick"));
    }

    [Fact]
    public void TickWaitsForARunningCallUnlessItInterleaves()
    {
        Start(new ProbeTimer("waits", Second, Timeout.InfiniteTimeSpan));
        Start(new ProbeTimer("interleaves", Second, Timeout.InfiniteTimeSpan, Interleave: true));
        _ = Grain.HoldAsync("call");
        _test.Advance(1);
        Assert.Equal((0, 1), (_test.Journal.Count("waits tick"), _test.Journal.Count("interleaves tock")));
        _test.Journal.Open("call");
        _test.Cluster.RunReady();
        Assert.Equal(1, _test.Journal.Count("waits tock"));
    }

    [Fact]
    public void FailingTickIsLoggedAndTheTimerGoesOn()
    {
        Start(new ProbeTimer("t", Second, Second, Fails: true));
        _test.Advance(1);
        _test.Advance(1);
        Assert.Equal([5103, 5103], _test.Log.Ids);
    }

    [Fact]
    public void ChangedTimerKeepsItsNewTimesAndADisposedOneStops()
    {
        Start(new ProbeTimer("t", Second, Second));
        _test.Cluster.Run(Grain.ChangeTimerAsync(5 * Second, 2 * Second));
        _test.Advance(4.9);
        Assert.Equal(0, _test.Journal.Count("t tick"));
        _test.Advance(0.1);
        Assert.Equal(1, _test.Journal.Count("t tick"));
        _test.Cluster.Run(Grain.StopTimerAsync());
        _test.Cluster.Run(Grain.ChangeTimerAsync(Second, Second));
        _test.Advance(100);
        Assert.Equal(1, _test.Journal.Count("t tick"));
    }

    [Fact]
    public void TickThatWaitsWhenItsTimerIsStoppedNeverComes()
    {
        Start(new ProbeTimer("waits", Second, Second));
        var (held, stopping) = (Grain.HoldAsync("call"), Grain.StopTimerAsync());
        _test.Advance(1);
        _test.Journal.Open("call");
        _test.Cluster.Run(Task.WhenAll(held, stopping));
        _test.Advance(10);
        Assert.Equal(["a activated", "call began", "call ended"], _test.Journal.Entries);
    }

    [Fact]
    public void StoppedTimerCancelsItsTick()
    {
        Start(new ProbeTimer("held", Second, Second, Interleave: true));
        _test.Advance(1);
        _test.Cluster.Run(Grain.StopTimerAsync());
        _test.Journal.Open("held");
        _test.Cluster.RunReady();
        Assert.Equal(["a activated", "held tick", "held stopped"], _test.Journal.Entries);
    }

    [Fact]
    public void TimerEndsWithItsActivation()
    {
        Start(new ProbeTimer("t", Second, Second));
        _test.Cluster.Run(Grain.DeactivateAsync());
        _test.Advance(10);
        _test.Cluster.Run(Grain.CountAsync());
        _test.Advance(10);
        Assert.Equal(0, _test.Journal.Count("t tick"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OnlyATimerThatKeepsAliveKeepsItsActivation(bool keepAlive)
    {
        Start(new ProbeTimer("t", 20 * Second, 20 * Second, KeepAlive: keepAlive));
        for (var minute = 0; minute < 60; minute++)
        {
            _test.Advance(20);
        }

        Assert.Equal(keepAlive ? 0 : 1, _test.Journal.Count("a deactivated ActivationIdle"));
    }

    [Fact]
    public void ImpossibleTimesAreRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Start(new ProbeTimer("t", -2 * Second, Second)));

    private void Start(ProbeTimer timer) => _test.Cluster.Run(Grain.StartTimerAsync(timer));
}
