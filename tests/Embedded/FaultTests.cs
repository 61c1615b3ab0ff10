using GrainMQ.Silo.Embedded;
using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class FaultTests
{
    [Fact]
    public void TheSameSeedDecidesTheSameAndAnotherSeedDoesNot()
    {
        Assert.Equal(Decisions(seed: 42), Decisions(seed: 42));
        Assert.NotEqual(Decisions(seed: 42), Decisions(seed: 43));
    }

    [Fact]
    public void EveryFaultIsMetAboutAsOftenAsPlanned()
    {
        var decisions = Decisions(seed: 7).ToLookup(fault => fault);
        foreach (var fault in Enum.GetValues<CallFault>().Where(fault => fault is not (CallFault.None or CallFault.CrashBefore or CallFault.CrashAfter)))
            Assert.InRange(decisions[fault].Count(), 700, 1300); // 10% of 10,000
    }

    [Fact]
    public async Task TheSameSeedInjectsTheSameIntoTheSameCalls()
    {
        Assert.Equal(await RunAsync(), await RunAsync());

        static async Task<string[]> RunAsync()
        {
            var injected = new Journal();
            await using var test = new TestCluster(options => options.Faults = new FaultPlan
            {
                Seed = 5,
                Duplicate = 0.2,
                TimeoutBefore = 0.2,
                TimeoutAfter = 0.2,
                Injected = (call, fault) => injected.Write($"{call.Grain} {call.Number} {fault}"),
            });
            for (var i = 0; i < 200; i++)
            {
                try
                {
                    await test.Grain<IProbe>($"{i % 7}").CountAsync();
                }
                catch (TimeoutException)
                {
                    injected.Write("timeout");
                }
            }
            Assert.InRange(injected.Count("timeout"), 40, 120);
            return injected.Entries;
        }
    }

    [Fact]
    public async Task ALostCallIsNotRunAndALostAnswerIs()
    {
        await using var test = Scripted(CallFault.TimeoutBefore, CallFault.TimeoutAfter);
        var grain = test.Grain<IProbe>("a");
        await Assert.ThrowsAsync<TimeoutException>(() => grain.CountAsync());
        await Assert.ThrowsAsync<TimeoutException>(() => grain.CountAsync());
        Assert.Equal(2, await grain.CountAsync());
    }

    [Fact]
    public async Task ACrashIsToldBeforeTheCallOrAfterItAndNobodyIsAnswered()
    {
        var crashes = new Journal();
        await using var test = Scripted(CallFault.CrashBefore, CallFault.CrashAfter);
        test.Cluster.Options.Faults!.Crashed = call => crashes.Write($"{call.Number}");
        var grain = test.Grain<IProbe>("a");
        var before = grain.CountAsync();
        var after = grain.CountAsync();
        Assert.Equal(2, await grain.CountAsync());
        await crashes.Seen("2");
        Assert.Equal(["1", "2"], crashes.Entries);
        Assert.False(before.IsCompleted || after.IsCompleted);
    }

    [Fact]
    public async Task ADuplicateRunsTwiceAndTheCallerSeesTheFirstResult()
    {
        await using var test = Scripted(CallFault.Duplicate);
        var grain = test.Grain<IProbe>("a");
        Assert.Equal(1, await grain.CountAsync());
        Assert.Equal(3, await grain.CountAsync());
    }

    [Fact]
    public async Task AFailingDuplicateIsNobodysUnobservedException()
    {
        await using var test = Scripted(CallFault.Duplicate);
        var unobserved = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, e) => unobserved += e.Exception.ToString().Contains("seen", StringComparison.Ordinal) ? 1 : 0;
        TaskScheduler.UnobservedTaskException += count;
        await Assert.ThrowsAsync<InvalidDataException>(() => test.Grain<IProbe>("a").ThrowAtOnce("seen"));
        await test.Grain<IProbe>("a").CountAsync();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException -= count;
        Assert.Equal(0, unobserved);
    }

    [Fact]
    public async Task ADelayedCallArrivesLate()
    {
        await using var test = Scripted(CallFault.Delay);
        var grain = test.Grain<IProbe>("a");
        var late = grain.CountAsync();
        Assert.Equal(1, await grain.CountAsync());
        Assert.False(late.IsCompleted);
        test.Time.Advance(TimeSpan.FromMilliseconds(20));
        Assert.Equal(2, await late);
    }

    [Fact]
    public async Task AReorderedCallArrivesAfterTheNextOneOrAfterTheLongestDelay()
    {
        await using var test = Scripted(CallFault.Reorder, CallFault.None, CallFault.Reorder);
        var grain = test.Grain<IProbe>("a");
        var overtaken = grain.CountAsync();
        Assert.Equal(1, await grain.CountAsync());
        Assert.Equal(2, await overtaken);
        var alone = grain.CountAsync();
        test.Time.Advance(TimeSpan.FromMilliseconds(20));
        Assert.Equal(3, await alone);
    }

    [Fact]
    public async Task ASecondActivationIsMet()
    {
        await using var test = Scripted(CallFault.SecondActivation);
        var grain = test.Grain<IProbe>("a");
        Assert.NotEqual(await grain.KeyAsync(), await grain.KeyAsync());
    }

    [Fact]
    public async Task EveryCallIsAnsweredWhateverIsDoneToIt()
    {
        await using var test = new TestCluster(options =>
        {
            options.SiloCount = 3;
            options.TimeProvider = new OffsetTime();
            options.Faults = Everything(seed: 11);
        });
        var calls = Enumerable.Range(0, 2_000).Select(i => SettleAsync(test, i)).ToArray();
        test.Cluster.KillSilo(0);
        test.Cluster.StartSilo(0);
        test.Cluster.KillSilo(2);
        var outcomes = await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("answered", outcomes);
        Assert.Contains("timed out", outcomes);
    }

    private static async Task<string> SettleAsync(TestCluster test, int i)
    {
        try
        {
            if (i % 3 == 0) await test.Grain<IProbe>($"{i % 17}").RelayAsync([$"r:{i % 5}"], interleave: false);
            else await test.Grain<IReentrantProbe>($"r:{i % 17}").ThreadUnsafeAsync(3);
            return "answered";
        }
        catch (TimeoutException)
        {
            return "timed out";
        }
        catch (SiloLostException)
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
    };

    /// <summary>The first calls meet these faults, later ones none.</summary>
    private static TestCluster Scripted(params CallFault[] faults) =>
        new(options => options.Faults = new FaultPlan
        {
            Script = call => call.Number <= faults.Length ? faults[call.Number - 1] : CallFault.None,
        });

    /// <summary>Real time, but not <see cref="TimeProvider.System"/>, for which the cluster would take the clock of the services.</summary>
    private sealed class OffsetTime : TimeProvider;
}
