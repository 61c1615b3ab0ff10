using GrainMQ.Silo.Embedded;
using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class SiloTests : IAsyncDisposable
{
    private readonly TestCluster _test = new(options => options.SiloCount = 3);

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task GrainsAreSpreadAndAKilledSiloTakesOnlyItsOwnAndSaysNoGoodbye()
    {
        var keys = Enumerable.Range(0, 60).Select(i => $"{i}").ToArray();
        foreach (var key in keys) await _test.Grain<IProbe>(key).CountAsync();
        _test.Cluster.KillSilo(1);
        Assert.InRange(_test.Cluster.ActivationCount, 30, 50);
        var counts = await Task.WhenAll(keys.Select(key => _test.Grain<IProbe>(key).CountAsync()));
        Assert.Contains(1, counts);
        Assert.Contains(2, counts);
        Assert.DoesNotContain(_test.Journal.Entries, entry => entry.Contains("deactivated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ThePlaceOfAGrainDependsOnlyOnItsKeyAndTheLivingSilos()
    {
        await using var other = new TestCluster(options => options.SiloCount = 3);
        foreach (var test in new[] { _test, other })
        {
            for (var i = 0; i < 30; i++) await test.Grain<IProbe>($"{i}").CountAsync();
            test.Cluster.KillSilo(2);
        }
        Assert.Equal(
            _test.Cluster.Catalog.All.Select(activation => activation.Id.ToString()).Order(),
            other.Cluster.Catalog.All.Select(activation => activation.Id.ToString()).Order());
    }

    [Fact]
    public async Task RunningAndWaitingCallsFailAndTheRestOfTheGrainsCodeNeverRuns()
    {
        var grain = _test.Grain<IProbe>("a");
        var running = grain.HoldAsync("held");
        await _test.Journal.Seen("held began");
        var waiting = grain.CountAsync();
        for (var silo = 0; silo < 3; silo++) _test.Cluster.KillSilo(silo);
        await Assert.ThrowsAsync<SiloLostException>(() => running);
        await Assert.ThrowsAsync<SiloLostException>(() => waiting);
        await Assert.ThrowsAsync<SiloLostException>(() => grain.CountAsync()); // nowhere to go
        _test.Journal.Open("held");
        _test.Cluster.StartSilo(0);
        Assert.Equal(1, await grain.CountAsync());
        Assert.Equal(0, _test.Journal.Count("held ended"));
    }

    [Fact]
    public async Task TimersOfALostSiloStop()
    {
        await _test.Grain<IProbe>("a").StartTimerAsync("t", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), false, false, false);
        for (var silo = 0; silo < 3; silo++) _test.Cluster.KillSilo(silo);
        _test.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(0, _test.Journal.Count("t tick"));
    }

    [Fact]
    public async Task AForcedSecondActivationAnswersEveryOtherCallUntilOneOfThemEnds()
    {
        var grain = _test.Grain<IProbe>("a");
        var first = await grain.KeyAsync();
        _test.Cluster.ForceSecondActivation(grain, TimeSpan.FromMilliseconds(200));
        var answers = new List<string>();
        for (var i = 0; i < 6; i++) answers.Add(await grain.KeyAsync());
        Assert.Equal(2, answers.Distinct().Count());
        Assert.Contains(first, answers);
        _test.Time.Advance(TimeSpan.FromMilliseconds(200));
        await _test.Journal.Seen("a deactivated DuplicateActivation");
        var survivor = await grain.KeyAsync();
        for (var i = 0; i < 6; i++) Assert.Equal(survivor, await grain.KeyAsync());
        Assert.Contains(survivor, answers);
    }
}
