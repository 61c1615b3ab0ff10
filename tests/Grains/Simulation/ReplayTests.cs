using System.Collections.Concurrent;
using GrainMQ.Tests.Grains.Faults;
using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

/// <summary>
/// A seed is a whole history: what failed once fails again, and can be looked at. Even seeds hand over what they call, odd ones send it through
/// the serializer. Every run is checked as in <see cref="FaultTests"/>. A run of one seed writes its trace.
/// </summary>
public sealed class ReplayTests
{
    private const int UsualSeeds = 1_000;

    private static readonly CallFault[] NeverDrawn = [CallFault.None, CallFault.CrashBefore, CallFault.CrashAfter];

    [Fact]
    public async Task EverySeedIsReplayedExactly()
    {
        var search = Seeds.Of("simulation", UsualSeeds);
        if (search.Count == 1)
        {
            await TraceAsync(search.First);
            return;
        }

        var runs = new ConcurrentDictionary<int, FaultSimulation>();
        await Parallel.ForEachAsync(search.All, async (seed, _) => await search.RunAsync(seed, async () => runs[seed] = await PlayTwiceAsync(seed)));

        var all = runs.OrderBy(run => run.Key).Select(run => run.Value).ToArray();
        Report(all);
        Assert.Equal(all.Length, all.Select(run => run.Trace.Hash).Distinct().Count());
        if (!search.IsWhole)
        {
            return;
        }

        Assert.Equal(Enum.GetValues<CallFault>().Except(NeverDrawn).Order(), all.SelectMany(run => run.Injected.Keys).Distinct().Order());
        Assert.Contains(all, run => run.Deaths > 0);
    }

    private static async Task TraceAsync(int seed)
    {
        var simulation = Simulate(seed, keepsTrace: true);
        try
        {
            await simulation.RunAsync();
        }
        finally
        {
            File.WriteAllLines(Seeds.Artifact($"simulation-trace-{seed}.txt"), simulation.Trace.Lines);
        }
    }

    private static async Task<FaultSimulation> PlayTwiceAsync(int seed)
    {
        var (first, second) = (await PlayAsync(seed, keepsTrace: false), await PlayAsync(seed, keepsTrace: false));
        if (first.Trace.Hash != second.Trace.Hash)
        {
            Assert.Equal((await PlayAsync(seed, keepsTrace: true)).Trace.Lines, (await PlayAsync(seed, keepsTrace: true)).Trace.Lines);
        }

        Assert.Equal(first.Trace.Hash, second.Trace.Hash);
        return first;
    }

    private static async Task<FaultSimulation> PlayAsync(int seed, bool keepsTrace)
    {
        var simulation = Simulate(seed, keepsTrace);
        await simulation.RunAsync();
        return simulation;
    }

    private static FaultSimulation Simulate(int seed, bool keepsTrace) =>
        new(seed, simulate: options => (options.IsSerialized, options.KeepsTrace) = (int.IsOddInteger(seed), keepsTrace));

    private static void Report(FaultSimulation[] runs)
    {
        File.WriteAllLines(Seeds.Artifact("simulation.txt"),
        [
            $"seeds {runs.Length}, each twice",
            $"turns {runs.Sum(run => run.Trace.Turns)}",
            $"calls {runs.Sum(run => run.Trace.Calls)}",
            $"silo deaths {runs.Sum(run => run.Deaths)}",
            $"jumps of the clock {runs.Sum(run => run.Trace.TimeJumps)}",
            .. Enum.GetValues<CallFault>().Except(NeverDrawn).Select(fault => $"{fault} {runs.Sum(run => run.Injected.GetValueOrDefault(fault))}"),
            $"all traces {runs.Aggregate(0UL, (sum, run) => (sum * 31) + run.Trace.Hash):X16}",
        ]);
    }
}
