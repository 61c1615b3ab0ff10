using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public sealed class TimeoutTests : IAsyncDisposable
{
    private readonly ProbeCluster _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public void RunningAndWaitingCallsTimeOutAndTheGrainGoesOn()
    {
        var grain = _test.Grain<IProbe>("a");
        var (running, waiting) = (grain.HoldAsync("held"), grain.CountAsync());
        _test.Advance(29.9);
        Assert.False(running.IsCompleted || waiting.IsCompleted);
        _test.Advance(0.1);
        Assert.Contains("IProbeMethods.HoldAsync to ProbeGrain/a", Assert.Throws<TimeoutException>(() => _test.Cluster.Run(running)).Message);
        Assert.Throws<TimeoutException>(() => _test.Cluster.Run(waiting));
        _test.Journal.Open("held");
        Assert.Equal(1, _test.Cluster.Run(grain.CountAsync())); // the call that waited was never run
        Assert.Equal(1, _test.Journal.Count("held ended"));
    }

    [Fact]
    public void EveryCallHasItsOwnDeadline()
    {
        var first = _test.Grain<IProbe>("a").HoldAsync("first");
        _test.Advance(20);
        var second = _test.Grain<IProbe>("b").HoldAsync("second");
        _test.Advance(20);
        Assert.Equal((true, false), (first.IsFaulted, second.IsCompleted));
        _test.Advance(10);
        Assert.True(second.IsFaulted);
    }

    [Fact]
    public void AnsweredCallDoesNotTimeOut()
    {
        var held = _test.Grain<IProbe>("a").HoldAsync("held");
        _test.Journal.Open("held");
        _test.Cluster.Run(held);
        _test.Advance(60);
        Assert.True(held.IsCompletedSuccessfully);
    }

    [Fact]
    public void ActivationThatHangsIsGivenUp()
    {
        var grain = _test.Grain<IProbe>("slow-start");
        Assert.Throws<TimeoutException>(() => _test.Cluster.Run(grain.CountAsync()));
        _test.Journal.Open("start");
        _test.Cluster.RunReady();
        Assert.Equal(1, _test.Cluster.Run(grain.CountAsync()));
        Assert.Equal(2, _test.Journal.Count("slow-start activated"));
    }

    [Fact]
    public void DeactivationThatHangsIsGivenUp()
    {
        var grain = _test.Grain<IProbe>("slow-end");
        _test.Cluster.Run(grain.DeactivateAsync());
        _test.Advance(29.9);
        Assert.Equal(["ProbeGrain/slow-end"], _test.Cluster.Activations);
        _test.Advance(0.1);
        Assert.Empty(_test.Cluster.Activations);
        Assert.Equal([5102], _test.Log.Ids);
    }
}
