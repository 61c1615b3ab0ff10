using GrainMQ.Silo.Embedded;
using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class ReentrancyTests : IAsyncDisposable
{
    private readonly TestCluster _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task CallsOfAGrainRunOneAfterTheOther()
    {
        var grain = _test.Grain<IProbe>("a");
        var first = grain.HoldAsync("first");
        await _test.Journal.Seen("first began");
        var second = grain.HoldAsync("second");
        _test.Journal.Open("second");
        _test.Journal.Open("first");
        await Task.WhenAll(first, second);
        Assert.Equal(["a activated", "first began", "first ended", "second began", "second ended"], _test.Journal.Entries);
    }

    [Fact]
    public async Task CallsOfAReentrantGrainTakeTurns()
    {
        var grain = _test.Grain<IReentrantProbe>("r:a");
        var first = grain.HoldAsync("first");
        var second = grain.HoldAsync("second");
        await _test.Journal.Seen("second began");
        _test.Journal.Open("second");
        await second;
        _test.Journal.Open("first");
        await first;
        Assert.Equal(["r:a activated", "first began", "second began", "second ended", "first ended"], _test.Journal.Entries);
    }

    [Fact]
    public async Task AnInterleavingMethodRunsBesideABlockingOneButNotTheOtherWayRound()
    {
        var grain = _test.Grain<IProbe>("a");
        var blocking = grain.HoldAsync("first");
        await _test.Journal.Seen("first began");
        Assert.Equal(0, await grain.PeekAsync());
        var waiting = grain.CountAsync();
        Assert.Equal(0, await grain.PeekAsync());
        Assert.False(waiting.IsCompleted);
        _test.Journal.Open("first");
        Assert.Equal(1, await waiting);
        await blocking;
    }

    [Fact]
    public async Task AnInterleavingCallThatCameWhileActivatingDoesNotWaitForABlockingOne()
    {
        var grain = _test.Grain<IProbe>("slow-start");
        var blocking = grain.HoldAsync("first");
        var interleaving = grain.PeekAsync();
        _test.Journal.Open("start");
        Assert.Equal(0, await interleaving);
        Assert.False(blocking.IsCompleted);
        _test.Journal.Open("first");
        await blocking;
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b,a")]
    [InlineData("b,r:c,a")]
    [InlineData("b,c,d,b")]
    public async Task AChainThatComesBackToABusyGrainFailsAtOnceAndNamesTheCycle(string path)
    {
        var thrown = await Assert.ThrowsAsync<CallCycleException>(() => _test.Grain<IProbe>("a").RelayAsync(path.Split(','), interleave: false));
        var last = path.Split(',')[^1];
        Assert.StartsWith($"ProbeGrain/{last}.RelayAsync → ", thrown.Message);
        Assert.Contains($" → ProbeGrain/{last}.RelayAsync would wait for itself", thrown.Message);
    }

    [Fact]
    public async Task AChainMayComeBackThroughAnInterleavingMethodOrAReentrantGrain()
    {
        Assert.Equal("a", await _test.Grain<IProbe>("a").RelayAsync(["b", "a"], interleave: true));
        Assert.Equal("r:a", await _test.Grain<IReentrantProbe>("r:a").RelayAsync(["b", "r:a"], interleave: false));
    }

    [Fact]
    public async Task ActivatingThatCallsItselfFailsAtOnce() =>
        await Assert.ThrowsAsync<CallCycleException>(() => _test.Grain<IProbe>("self-start").CountAsync());

    [Fact]
    public async Task TwoChainsThatOnlyMeetAreNotACycle()
    {
        var hold = _test.Grain<IProbe>("b").HoldAsync("b");
        await _test.Journal.Seen("b began");
        var relay = _test.Grain<IProbe>("a").RelayAsync(["b"], interleave: false);
        _test.Journal.Open("b");
        Assert.Equal("b", await relay);
        await hold;
    }
}
