using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public sealed class SiloTests : IAsyncDisposable
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 60).Select(i => $"{i}")];

    private readonly ProbeCluster _test = new(options => options.SiloCount = 3);

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public void KilledSiloTakesOnlyItsOwnGrainsAndSaysNoGoodbye()
    {
        CountAll();
        _test.Cluster.KillSilo(1);
        Assert.InRange(_test.Cluster.Activations.Count, 30, 50);
        Assert.Equal([1, 2], CountAll().Distinct().Order());
        Assert.DoesNotContain(_test.Journal.Entries, entry => entry.Contains("deactivated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PlaceOfAGrainDependsOnlyOnItsKeyAndTheLivingSilos()
    {
        await using var other = new ProbeCluster(options => (options.SiloCount, options.Seed) = (3, 7));
        foreach (var test in new[] { _test, other })
        {
            foreach (var key in Keys)
            {
                test.Cluster.Run(test.Grain<IProbe>(key).CountAsync());
            }

            test.Cluster.KillSilo(2);
        }
        Assert.Equal(_test.Cluster.Activations.Order(), other.Cluster.Activations.Order());
    }

    [Fact]
    public void RunningAndWaitingCallsFailAndTheRestOfTheGrainsCodeNeverRuns()
    {
        var grain = _test.Grain<IProbe>("a");
        var (running, waiting) = (grain.HoldAsync("held"), grain.CountAsync());
        _test.Cluster.RunReady();
        _test.KillAll();
        Assert.Throws<SiloUnavailableException>(() => _test.Cluster.Run(running));
        Assert.Throws<SiloUnavailableException>(() => _test.Cluster.Run(waiting));
        Assert.Throws<SiloUnavailableException>(() => _test.Cluster.Run(grain.CountAsync())); // nowhere to go
        _test.Journal.Open("held");
        _test.Cluster.StartSilo(0);
        Assert.Equal(1, _test.Cluster.Run(grain.CountAsync()));
        Assert.Equal(0, _test.Journal.Count("held ended"));
    }

    [Fact]
    public void TimersOfALostSiloStop()
    {
        _test.Cluster.Run(_test.Grain<IProbe>("a").StartTimerAsync(new ProbeTimer("t", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1))));
        _test.KillAll();
        _test.Advance(10);
        Assert.Equal(0, _test.Journal.Count("t tick"));
    }

    [Fact]
    public void ForcedSecondActivationAnswersEveryOtherCallUntilOneOfThemEnds()
    {
        var grain = _test.Grain<IProbe>("a");
        var first = _test.Cluster.Run(grain.KeyAsync());
        _test.Cluster.ForceSecondActivation(grain, TimeSpan.FromMilliseconds(200));
        var answers = Enumerable.Range(0, 6).Select(_ => _test.Cluster.Run(grain.KeyAsync())).ToArray();
        Assert.Equal(2, answers.Distinct().Count());
        Assert.Contains(first, answers);
        _test.Advance(0.2);
        Assert.Equal(1, _test.Journal.Count("a deactivated DuplicateActivation"));
        var survivors = Enumerable.Range(0, 6).Select(_ => _test.Cluster.Run(grain.KeyAsync())).Distinct();
        Assert.Contains(Assert.Single(survivors), answers);
    }

    private int[] CountAll() => [.. Keys.Select(key => _test.Cluster.Run(_test.Grain<IProbe>(key).CountAsync()))];
}
