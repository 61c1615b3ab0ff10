using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public sealed class InjectedFaultTests
{
    private static readonly CallFault[] Drawn = [.. Enum.GetValues<CallFault>().Except([CallFault.None, CallFault.CrashBefore, CallFault.CrashAfter])];

    [Fact]
    public void SameSeedDecidesTheSameAndAnotherSeedDoesNot()
    {
        Assert.Equal(Decisions(seed: 42), Decisions(seed: 42));
        Assert.NotEqual(Decisions(seed: 42), Decisions(seed: 43));
    }

    [Fact]
    public void EveryFaultIsMetAboutAsOftenAsPlanned()
    {
        var decisions = Decisions(seed: 7).ToLookup(fault => fault);
        Assert.All(Drawn, fault => Assert.InRange(decisions[fault].Count(), 700, 1300)); // 10% of 10,000
    }

    [Fact]
    public async Task LostCallIsNotRunAndALostAnswerIs()
    {
        await using var test = Scripted(CallFault.TimeoutBefore, CallFault.TimeoutAfter);
        var grain = test.Grain<IProbe>("a");
        Assert.Throws<TimeoutException>(() => test.Cluster.Run(grain.CountAsync()));
        Assert.Throws<TimeoutException>(() => test.Cluster.Run(grain.CountAsync()));
        Assert.Equal(2, test.Cluster.Run(grain.CountAsync()));
    }

    [Fact]
    public async Task CrashIsToldBeforeTheCallOrAfterItAndThereIsNoAnswer()
    {
        var crashes = new List<long>();
        await using var test = Scripted(CallFault.CrashBefore, CallFault.CrashAfter);
        test.Cluster.Options.Faults!.Crashed = call => crashes.Add(call.Number); // the script is a plan
        var grain = test.Grain<IProbe>("a");
        var (before, after) = (grain.CountAsync(), grain.CountAsync());
        Assert.Equal(2, test.Cluster.Run(grain.CountAsync()));
        Assert.Equal([1, 2], crashes);
        Assert.False(before.IsCompleted || after.IsCompleted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DuplicateRunsTwiceAndTheCallerSeesTheFirstResult(bool isSerialized)
    {
        await using var test = Scripted([CallFault.Duplicate], options => options.IsSerialized = isSerialized);
        var grain = test.Grain<IProbe>("a");
        Assert.Equal(1, test.Cluster.Run(grain.CountAsync()));
        Assert.Equal(3, test.Cluster.Run(grain.CountAsync()));
    }

    [Fact]
    public async Task DelayedCallArrivesLate()
    {
        await using var test = Scripted(CallFault.Delay);
        var grain = test.Grain<IProbe>("a");
        var late = grain.CountAsync();
        Assert.Equal(1, test.Cluster.Run(grain.CountAsync()));
        Assert.False(late.IsCompleted);
        Assert.Equal(2, test.Cluster.Run(late));
    }

    [Fact]
    public async Task LateAnswerIsThatOfACallThatRanAtOnce()
    {
        await using var test = Scripted(CallFault.LateAnswer);
        var grain = test.Grain<IProbe>("a");
        var late = grain.CountAsync();
        Assert.Equal(2, test.Cluster.Run(grain.CountAsync()));
        Assert.False(late.IsCompleted);
        Assert.Equal(1, test.Cluster.Run(late));
    }

    [Fact]
    public async Task ReorderedCallArrivesAfterTheNextOneOrAfterTheLongestDelay()
    {
        await using var test = Scripted(CallFault.Reorder, CallFault.None, CallFault.Reorder);
        var grain = test.Grain<IProbe>("a");
        var overtaken = grain.CountAsync();
        Assert.Equal(1, test.Cluster.Run(grain.CountAsync()));
        Assert.Equal(2, test.Cluster.Run(overtaken));
        var began = test.Time.GetUtcNow();
        Assert.Equal(3, test.Cluster.Run(grain.CountAsync()));
        Assert.Equal(TimeSpan.FromMilliseconds(20), test.Time.GetUtcNow() - began);
    }

    [Fact]
    public async Task SecondActivationIsMet()
    {
        await using var test = Scripted(CallFault.SecondActivation);
        var grain = test.Grain<IProbe>("a");
        Assert.NotEqual(test.Cluster.Run(grain.KeyAsync()), test.Cluster.Run(grain.KeyAsync()));
    }

    [Fact]
    public async Task EveryCallIsAnsweredWhateverIsDoneToIt()
    {
        await using var test = new ProbeCluster(options => (options.SiloCount, options.Faults) = (3, Everything(seed: 11)));
        var calls = Enumerable.Range(0, 2_000).Select(i => SettleAsync(test, i)).ToArray();
        test.Cluster.KillSilo(0);
        test.Cluster.StartSilo(0);
        test.Cluster.KillSilo(2);
        var outcomes = test.Cluster.Run(Task.WhenAll(calls));
        Assert.Equal(["answered", "lost", "timed out"], outcomes.Distinct().Order());
    }

    private static async Task<string> SettleAsync(ProbeCluster test, int i)
    {
        try
        {
            if (i % 3 == 0)
            {
                await test.Grain<IProbe>($"{i % 17}").RelayAsync([$"r:{i % 5}"], interleave: false);
            }
            else
            {
                await test.Grain<IReentrantProbe>($"r:{i % 17}").CountUnsafelyAsync(3);
            }

            return "answered";
        }
        catch (TimeoutException)
        {
            return "timed out";
        }
        catch (SiloUnavailableException)
        {
            return "lost";
        }
    }

    private static CallFault[] Decisions(int seed)
    {
        var plan = Everything(seed);
        return [.. Enumerable.Range(0, 10_000).Select(i => plan.Decide(new FaultyCall($"ProbeGrain/{i % 10}", "IProbe.CountAsync", i / 10)))];
    }

    private static FaultPlan Everything(int seed) => new()
    {
        Seed = seed,
        Delay = 0.1,
        Reorder = 0.1,
        Duplicate = 0.1,
        TimeoutBefore = 0.1,
        TimeoutAfter = 0.1,
        SecondActivation = 0.1,
        LateAnswer = 0.1,
    };

    private static ProbeCluster Scripted(params CallFault[] faults) => Scripted(faults, _ => { });

    /// <summary>The first calls meet these faults, later ones none.</summary>
    private static ProbeCluster Scripted(CallFault[] faults, Action<SimulatedClusterOptions> configure) => new(options =>
    {
        options.Faults = new FaultPlan { Script = call => call.Number <= faults.Length ? faults[call.Number - 1] : CallFault.None };
        configure(options);
    });
}
