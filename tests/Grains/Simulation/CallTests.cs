using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public abstract class CallTests : IAsyncDisposable
{
    private readonly ProbeCluster _test;

    private protected CallTests(bool isSerialized) => _test = new ProbeCluster(options => options.IsSerialized = isSerialized);

    public async ValueTask DisposeAsync()
    {
        await _test.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void GrainKeepsItsStateBetweenCalls()
    {
        var grain = _test.Grain<IProbe>("a");
        Assert.Equal([1, 2], [_test.Cluster.Run(grain.CountAsync()), _test.Cluster.Run(grain.CountAsync())]);
        Assert.Equal(3, _test.Cluster.Run(_test.Grain<IProbe>("a").CountAsync()));
        Assert.Equal(1, _test.Cluster.Run(_test.Grain<IProbe>("b").CountAsync()));
        Assert.Equal(["ProbeGrain/a", "ProbeGrain/b"], _test.Cluster.Activations);
    }

    [Fact]
    public void ArgumentsAndResultsArrive()
    {
        var echo = _test.Cluster.Run(_test.Grain<IProbe>("a").EchoAsync(new Payload("x", []), [1, 2, 3]));
        Assert.Equal(("x", "1-2-3"), (echo.Text, string.Join('-', echo.Bytes)));
    }

    [Fact]
    public void KeysAreKnownInsideAndOutside()
    {
        Assert.StartsWith("tenant/client#", _test.Cluster.Run(_test.Grain<IProbe>("tenant/client").KeyAsync()));
        Assert.Equal("tenant/client", _test.Grain<IProbe>("tenant/client").GetPrimaryKeyString());
        Assert.Equal(-7, _test.Cluster.Run(_test.Grain<INumbered>(-7).KeyAsync()));
        Assert.Equal("nFF", _test.Cluster.Run(_test.Grain<INumbered>(255).KeyStringAsync()));
    }

    [Fact]
    public void ReferencesToOneGrainAreEqual()
    {
        Assert.Equal(_test.Grain<IProbe>("a"), _test.Grain<IProbe>("a"));
        Assert.NotEqual(_test.Grain<IProbe>("a"), _test.Grain<IProbe>("b"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ExceptionsReachTheCallerWithTheStackOfTheGrain(bool atOnce)
    {
        var grain = _test.Grain<IProbe>("a");
        var thrown = Assert.Throws<InvalidDataException>(() => _test.Cluster.Run(atOnce ? grain.ThrowAtOnce("why") : grain.ThrowAsync("why")));
        Assert.Equal("why", thrown.Message);
        Assert.Contains(nameof(Probe), thrown.StackTrace);
        Assert.Equal(1, _test.Cluster.Run(grain.CountAsync()));
    }

    [Fact]
    public void CancelledTaskReachesTheCallerAsCancelled() =>
        Assert.ThrowsAny<OperationCanceledException>(() => _test.Cluster.Run(_test.Grain<IProbe>("a").CancelAsync()));

    [Fact]
    public void InterfaceWithoutAClassIsRefusedByName() =>
        Assert.Contains(nameof(IUnimplemented), Assert.Throws<ArgumentException>(() => _test.Grain<IUnimplemented>("a")).Message);

    [Fact]
    public void InterfaceWithTwoClassesNeedsAPrefix()
    {
        Assert.Throws<ArgumentException>(() => _test.Grain<IProbeMethods>("a"));
        var grain = _test.Cluster.Grains.GetGrain<IProbeMethods>("a", typeof(ReentrantGrain).FullName);
        Assert.Equal(1, _test.Cluster.Run(grain.CountAsync()));
        Assert.Equal(2, _test.Cluster.Run(_test.Grain<IReentrantProbe>("a").CountAsync()));
    }
}

public sealed class CopiedCallTests() : CallTests(isSerialized: false);

public sealed class SerializedCallTests() : CallTests(isSerialized: true);
