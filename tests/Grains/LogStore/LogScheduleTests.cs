using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>I5, I10, I11 for the log alone.</summary>
public sealed class LogScheduleTests
{
    private const int UsualSeeds = 500, Steps = 60;

    [Fact]
    public void WhatWasAcknowledgedIsThereAfterAnyScheduleOfCrashes()
    {
        var search = Seeds.Of("log", UsualSeeds);
        var crashes = 0;
        foreach (var seed in search.All)
        {
            var simulation = new LogSimulation(seed);
            try
            {
                simulation.Run(Steps);
            }
            catch (Exception exception)
            {
                throw search.Failed(seed, exception, simulation.Trace);
            }

            crashes += simulation.Crashes;
        }

        Assert.True(crashes > 0 || !search.IsWhole, "no schedule had a crash");
    }
}
