using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public sealed class ReentrancyTests : IAsyncDisposable
{
    private readonly ProbeCluster _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public void CallsOfAGrainRunOneAfterTheOther()
    {
        var grain = _test.Grain<IProbe>("a");
        var calls = Task.WhenAll(grain.HoldAsync("first"), grain.HoldAsync("second"));
        _test.Journal.Open("second");
        _test.Cluster.RunReady();
        _test.Journal.Open("first");
        _test.Cluster.Run(calls);
        Assert.Equal(["a activated", "first began", "first ended", "second began", "second ended"], _test.Journal.Entries);
    }

    [Fact]
    public void CallsOfAReentrantGrainTakeTurns()
    {
        var grain = _test.Grain<IReentrantProbe>("r:a");
        var (first, second) = (grain.HoldAsync("first"), grain.HoldAsync("second"));
        _test.Journal.Open("second");
        _test.Cluster.Run(second);
        _test.Journal.Open("first");
        _test.Cluster.Run(first);
        Assert.Equal(["r:a activated", "first began", "second began", "second ended", "first ended"], _test.Journal.Entries);
    }

    [Fact]
    public void InterleavingMethodRunsBesideABlockingOneButNotTheOtherWayRound()
    {
        var grain = _test.Grain<IProbe>("a");
        var blocking = grain.HoldAsync("first");
        Assert.Equal(0, _test.Cluster.Run(grain.PeekAsync()));
        var waiting = grain.CountAsync();
        Assert.Equal(0, _test.Cluster.Run(grain.PeekAsync()));
        Assert.False(waiting.IsCompleted);
        _test.Journal.Open("first");
        Assert.Equal(1, _test.Cluster.Run(waiting));
        _test.Cluster.Run(blocking);
    }

    [Fact]
    public void ReadOnlyMethodsRunBesideEachOtherOnly()
    {
        var grain = _test.Grain<IProbe>("a");
        var reading = Task.WhenAll(grain.HoldReadingAsync("one"), grain.HoldReadingAsync("two"));
        var writing = grain.CountAsync();
        _test.Cluster.RunReady();
        Assert.Equal(["a activated", "one began", "two began"], _test.Journal.Entries);
        Assert.False(writing.IsCompleted);
        _test.Journal.Open("one");
        _test.Journal.Open("two");
        _test.Cluster.Run(Task.WhenAll(reading, writing));
    }

    [Fact]
    public void InterleavingCallThatCameWhileActivatingDoesNotWaitForABlockingOne()
    {
        var grain = _test.Grain<IProbe>("slow-start");
        var (blocking, interleaving) = (grain.HoldAsync("first"), grain.PeekAsync());
        _test.Journal.Open("start");
        Assert.Equal(0, _test.Cluster.Run(interleaving));
        Assert.False(blocking.IsCompleted);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b,a")]
    [InlineData("b,r:c,a")]
    [InlineData("b,c,d,b")]
    public void ChainThatComesBackToABusyGrainEndsByTheTimeoutOfItsCalls(string path)
    {
        var began = _test.Time.GetUtcNow();
        Assert.Throws<TimeoutException>(() => _test.Cluster.Run(_test.Grain<IProbe>("a").RelayAsync(path.Split(','), interleave: false)));
        Assert.Equal(30, (_test.Time.GetUtcNow() - began).TotalSeconds, 0.001);
    }

    [Fact]
    public void ChainMayComeBackThroughAnInterleavingMethodOrAReentrantGrain()
    {
        Assert.Equal("a", _test.Cluster.Run(_test.Grain<IProbe>("a").RelayAsync(["b", "a"], interleave: true)));
        Assert.Equal("r:a", _test.Cluster.Run(_test.Grain<IReentrantProbe>("r:a").RelayAsync(["b", "r:a"], interleave: false)));
    }

    [Fact]
    public void ActivatingThatCallsItselfEndsByTheTimeoutOfItsCall() =>
        Assert.Throws<TimeoutException>(() => _test.Cluster.Run(_test.Grain<IProbe>("self-start").CountAsync()));
}
