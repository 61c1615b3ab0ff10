using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

/// <summary>
/// I5, I6, I7, I11 for one shard: what was acknowledged is there after any crash, what was not is there as a whole or not at all, and a
/// message has the bytes that it had.
/// </summary>
public sealed class ShardCrashTests
{
    private const int UsualSeeds = 300, Steps = 80;

    [Fact]
    public async Task WhatWasAcknowledgedIsThereAfterAnyScheduleOfCrashesAndFullDisks()
    {
        var search = Seeds.Of("shard", UsualSeeds);
        var met = new Dictionary<string, int>();
        foreach (var seed in search.All)
        {
            var simulation = new ShardSimulation(seed);
            try
            {
                await simulation.RunAsync(Steps);
            }
            catch (Exception exception)
            {
                throw search.Failed(seed, exception, simulation.Trace);
            }

            foreach (var (what, count) in simulation.Met)
            {
                met[what] = met.GetValueOrDefault(what) + count;
            }
        }

        if (search.IsWhole)
        {
            Assert.Empty(new[] { "power cut", "kill", "full", "failed", "snapshot", "kept segments", "commit by snapshot", "compacted", "freed", "handed over" }.Except(met.Keys));
        }
    }
}
