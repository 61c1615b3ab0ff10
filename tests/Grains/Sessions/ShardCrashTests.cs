using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

/// <summary>
/// I5, I6, I7, I11 for one shard: what was acknowledged is there after any crash, what was not is there as a whole or not at all, and a
/// message has the bytes that it had. More seeds: GRAINMQ_SHARD_SEEDS=10000; one seed: GRAINMQ_SHARD_SEED=17.
/// </summary>
public sealed class ShardCrashTests
{
    private const int Steps = 80;

    [Fact]
    public async Task WhatWasAcknowledgedIsThereAfterAnyScheduleOfCrashesAndFullDisks()
    {
        var met = new Dictionary<string, int>();
        foreach (var seed in Seeds())
        {
            var simulation = new ShardSimulation(seed);
            try
            {
                await simulation.RunAsync(Steps);
            }
            catch (Exception e)
            {
                Assert.Fail($"GRAINMQ_SHARD_SEED={seed}\n{simulation.Trace}\n{e}");
            }
            foreach (var (what, count) in simulation.Met)
            {
                met[what] = met.GetValueOrDefault(what) + count;
            }
        }
        if (Environment.GetEnvironmentVariable("GRAINMQ_SHARD_SEED") is null)
        {
            Assert.Empty(new[] { "power cut", "kill", "full", "failed", "snapshot", "kept segments", "commit by snapshot", "compacted", "freed" }.Except(met.Keys));
        }
    }

    private static IEnumerable<int> Seeds() =>
        Environment.GetEnvironmentVariable("GRAINMQ_SHARD_SEED") is { } one ? [int.Parse(one)]
        : Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("GRAINMQ_SHARD_SEEDS") ?? "300"));
}
