using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>I5, I10, I11 for the log alone. More seeds: GRAINMQ_LOG_SEEDS=10000; one seed: GRAINMQ_LOG_SEED=17.</summary>
public sealed class LogScheduleTests
{
    private const int Steps = 60;

    [Fact]
    public void WhatWasAcknowledgedIsThereAfterAnyScheduleOfCrashes()
    {
        var crashes = 0;
        foreach (var seed in Seeds())
        {
            var simulation = new LogSimulation(seed);
            try
            {
                simulation.Run(Steps);
            }
            catch (Exception e)
            {
                Assert.Fail($"GRAINMQ_LOG_SEED={seed}\n{simulation.Trace}\n{e}");
            }
            crashes += simulation.Crashes;
        }
        Assert.True(crashes > 0, "no schedule had a crash");
    }

    private static IEnumerable<int> Seeds() =>
        Environment.GetEnvironmentVariable("GRAINMQ_LOG_SEED") is { } one ? [int.Parse(one)]
        : Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("GRAINMQ_LOG_SEEDS") ?? "500"));
}
