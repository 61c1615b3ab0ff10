using Orleans;
using Orleans.Runtime;
using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class CallTests : IAsyncDisposable
{
    private readonly TestCluster _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task AGrainKeepsItsStateBetweenCalls()
    {
        var grain = _test.Grain<IProbe>("a");
        Assert.Equal(1, await grain.CountAsync());
        Assert.Equal(2, await grain.CountAsync());
        Assert.Equal(3, await _test.Grain<IProbe>("a").CountAsync());
        Assert.Equal(1, await _test.Grain<IProbe>("b").CountAsync());
    }

    [Fact]
    public async Task ArgumentsAndResultsArrive() =>
        Assert.Equal(new T1AndT2("x", 45), await _test.Grain<IProbe>("a").EchoAsync(new T1AndT2("x", 42), [1, 2, 3]));

    [Fact]
    public async Task KeysAreKnownInsideAndOutside()
    {
        Assert.StartsWith("tenant/client#", await _test.Grain<IProbe>("tenant/client").KeyAsync());
        Assert.Equal("tenant/client", _test.Grain<IProbe>("tenant/client").GetPrimaryKeyString());
        Assert.Equal(-7, await _test.Grain<INumbered>(-7).KeyAsync());
        Assert.Equal("nFF", await _test.Grain<INumbered>(255).KeyStringAsync());
        Assert.Equal(255, _test.Grain<INumbered>(255).GetPrimaryKeyLong());
        Assert.Throws<InvalidOperationException>(() => _test.Grain<IProbe>("a").GetPrimaryKeyLong());
    }

    [Fact]
    public void ReferencesToOneGrainAreEqual()
    {
        Assert.Equal(_test.Grain<IProbe>("a"), _test.Grain<IProbe>("a"));
        Assert.NotEqual(_test.Grain<IProbe>("a"), _test.Grain<IProbe>("b"));
        Assert.Throws<ArgumentException>(() => new Stranger().GetPrimaryKeyString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ExceptionsReachTheCallerWithTheStackOfTheGrain(bool atOnce)
    {
        var grain = _test.Grain<IProbe>("a");
        var thrown = await Assert.ThrowsAsync<InvalidDataException>(() => atOnce ? grain.ThrowAtOnce("why") : grain.ThrowAsync("why"));
        Assert.Equal("why", thrown.Message);
        Assert.Contains(nameof(Probe), thrown.StackTrace);
        Assert.Equal(1, await grain.CountAsync());
    }

    [Fact]
    public async Task ACancelledTaskReachesTheCallerAsCancelled() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _test.Grain<IProbe>("a").CancelAsync());

    [Fact]
    public async Task TurnsNeverOverlapAndComeBackToTheActivation()
    {
        var grain = _test.Grain<IReentrantProbe>("r:a");
        var calls = Enumerable.Range(0, 50).Select(_ => Task.Run(() => grain.ThreadUnsafeAsync(20))).ToArray();
        await Task.WhenAll(calls);
        Assert.Equal("1000", await grain.ThreadUnsafeAsync(0));
        Assert.Equal("same", await grain.ContextAsync());
    }

    [Fact]
    public async Task ACallersContinuationNeverRunsOnTheGrain()
    {
        await _test.Grain<IProbe>("a").CountAsync();
        Assert.Null(GrainMQ.Silo.Embedded.Request.Running);
    }

    [Fact]
    public async Task LongChainsOfCompletionsDoNotDive()
    {
        var path = Enumerable.Range(0, 5_000).Select(i => $"r:{i}").ToArray();
        Assert.Equal("r:4999", await _test.Grain<IReentrantProbe>("r:start").RelayAsync(path, interleave: false));
    }

    [Fact]
    public void AnInterfaceWithoutAClassIsRefusedByName()
    {
        var thrown = Assert.Throws<ArgumentException>(() => _test.Grain<INobody>("a"));
        Assert.Contains(nameof(INobody), thrown.Message);
    }

    [Fact]
    public async Task AnInterfaceWithTwoClassesNeedsAPrefix()
    {
        Assert.Throws<ArgumentException>(() => _test.Grain<IProbeMethods>("a"));
        var grain = _test.Cluster.GetGrain<IProbeMethods>("a", typeof(ReentrantGrain).FullName);
        Assert.Equal(1, await grain.CountAsync());
        Assert.Equal(2, await _test.Grain<IReentrantProbe>("a").CountAsync());
    }

    [Fact]
    public void AMethodThatCannotCrossAWireIsRefusedByName()
    {
        var thrown = Assert.Throws<NotSupportedException>(() => _test.Grain<ISynchronous>("a"));
        Assert.Contains("ISynchronous.Count", thrown.Message);
    }

    [Fact]
    public void AGrainOutsideTheEngineWorksWithoutItsActivation()
    {
        var grain = new ProbeGrain(_test.Journal);
        Assert.True(grain.CountAsync().IsCompletedSuccessfully);
        Assert.Throws<InvalidOperationException>(() => grain.GetPrimaryKeyString());
    }

    private sealed class Stranger : IAddressable;
}

public interface INobody : IGrainWithStringKey;

public interface ISynchronous : IGrainWithStringKey
{
    int Count();
}

public sealed class SynchronousGrain : Grain, ISynchronous
{
    public int Count() => 1;
}
