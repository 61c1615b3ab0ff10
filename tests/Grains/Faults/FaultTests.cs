using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.Faults;

/// <summary>
/// Gateways and devices against a cluster whose calls are delayed, doubled, reordered, lost on the way there or back, whose shards get
/// second activations and whose silos die, all drawn from a seed. What was acknowledged must be there at the end, once and in order.
/// </summary>
public sealed class FaultTests
{
    public static TheoryData<int> FirstSeeds { get; } = [.. Enumerable.Range(0, 6).Select(i => i * 50)];

    [Theory]
    [MemberData(nameof(FirstSeeds))]
    public async Task AcknowledgedStateSurvivesEveryFault(int firstSeed)
    {
        var ghosts = 0;
        for (var seed = firstSeed; seed < firstSeed + 50; seed++)
        {
            var simulation = new FaultSimulation(seed);
            await simulation.RunAsync();
            ghosts += simulation.Ghosts;
        }
        Assert.InRange(ghosts, 0, 20); // of 200 devices
    }

    [Fact]
    public async Task FaultsAreInjectedIndeed()
    {
        var injected = new HashSet<CallFault>();
        for (var seed = 0; seed < 5; seed++)
        {
            var simulation = new FaultSimulation(seed);
            await simulation.RunAsync();
            injected.UnionWith(simulation.Injected.Keys);
        }

        Assert.Equal(Enum.GetValues<CallFault>().Except([CallFault.None, CallFault.CrashBefore, CallFault.CrashAfter]).Order(), injected.Order());
    }
}
