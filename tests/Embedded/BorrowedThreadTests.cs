using GrainMQ.Silo.Embedded;
using Xunit;

namespace GrainMQ.Tests.Embedded;

/// <summary>A call to an idle grain takes its turn on the caller's thread; everything else goes to the pool.</summary>
public sealed class BorrowedThreadTests : IAsyncDisposable
{
    private readonly TestCluster _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task AnIdleGrainTakesItsTurnOnTheCallersThread()
    {
        var (mine, grains) = await OnAThreadOfItsOwn(_test);
        Assert.Equal(mine, grains);
        Assert.Equal(2, Answered(_test.Grain<IProbe>("a").CountAsync()));
    }

    [Fact]
    public async Task WithInjectedFaultsEveryCallGoesToThePool()
    {
        await using var test = new TestCluster(options => options.Faults = new FaultPlan());
        var (mine, grains) = await OnAThreadOfItsOwn(test);
        Assert.NotEqual(mine, grains);
    }

    [Fact]
    public void SoDoTheGrainsThatItCalls() =>
        Assert.Equal("c", Answered(_test.Grain<IProbe>("a").RelayAsync(["b", "c"], interleave: false)));

    [Fact]
    public async Task LongChainsOfCallsTakeNoMoreStack()
    {
        var path = Enumerable.Range(0, 2000).Select(number => $"link{number}").ToArray();
        Assert.Equal(path[^1], await _test.Grain<IProbe>("a").RelayAsync(path, interleave: false));
    }

    [Fact]
    public async Task ABusyGrainKeepsTheCallForItsNextTurn()
    {
        var grain = _test.Grain<IProbe>("a");
        var holding = grain.HoldAsync("held");
        var waiting = grain.CountAsync();
        Assert.False(waiting.IsCompleted);
        _test.Journal.Open("held");
        await holding;
        Assert.Equal(1, await waiting);
    }

    [Fact]
    public void TheCallersContextIsItsOwnAgain()
    {
        var context = new SynchronizationContext();
        var before = SynchronizationContext.Current;
        try
        {
            SynchronizationContext.SetSynchronizationContext(context);
            Assert.Equal(1, Answered(_test.Grain<IProbe>("a").CountAsync()));
            Assert.Same(context, SynchronizationContext.Current);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>Where the caller ran and where the grain did; a thread of the pool can be neither by accident.</summary>
    private static Task<(int Mine, int Grains)> OnAThreadOfItsOwn(TestCluster test) => Task.Factory.StartNew(
        () =>
        {
            test.Grain<IProbe>("a").CountAsync().GetAwaiter().GetResult();
            return (Environment.CurrentManagedThreadId, test.Grain<IProbe>("a").ThreadAsync().GetAwaiter().GetResult());
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static T Answered<T>(Task<T> call)
    {
        Assert.True(call.IsCompletedSuccessfully);
        return call.Result;
    }
}
