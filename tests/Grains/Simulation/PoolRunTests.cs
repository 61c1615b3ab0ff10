using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

/// <summary>Turns on the thread pool, called from everywhere.</summary>
public sealed class PoolRunTests : IAsyncDisposable
{
    private readonly ProbeCluster _test = new(options => options.IsDriven = false);

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task TurnsNeverOverlapAndComeBackToTheActivation()
    {
        var grain = _test.Grain<IReentrantProbe>("r:a");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => grain.CountUnsafelyAsync(20))));
        Assert.Equal(1_000, await grain.CountUnsafelyAsync(0));
        Assert.True(await grain.ComesBackAsync());
    }

    [Fact]
    public Task CallersContinuationNeverRunsInTheSimulation() => Task.Run(async () =>
    {
        await _test.Grain<IProbe>("a").CountAsync();
        Assert.Null(TurnOwner.Running);
    });

    [Fact]
    public async Task LongChainsOfCallsTakeNoMoreStack()
    {
        string[] path = [.. Enumerable.Range(0, 5_000).Select(i => $"r:{i}")];
        Assert.Equal("r:4999", await _test.Grain<IReentrantProbe>("r:start").RelayAsync(path, interleave: false));
    }

    [Fact]
    public async Task CallsThatRaceWithDeactivationsAreAllAnswered()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(racer => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                await RaceAsync(_test.Grain<IProbe>($"{i % 3}"), deactivates: (i + racer) % 5 == 0);
            }
        })));
    }

    [Fact]
    public void OnlyADrivenClusterIsRun() => Assert.Throws<InvalidOperationException>(() => _test.Cluster.Run(Task.CompletedTask));

    private static async Task RaceAsync(IProbe grain, bool deactivates)
    {
        try
        {
            if (deactivates)
            {
                await grain.DeactivateAsync();
            }
            else
            {
                Assert.InRange(await grain.CountAsync(), 1, 4_000);
            }
        }
        catch (OrleansMessageRejectionException)
        {
            // an answer too: it has waited at three activations that ended, one after the other
        }
    }
}
