using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// The whole broker beside an oracle with a queue per session, under schedules with crashes, from seeds: I5, I6, I7, I8, I10, I11, and what
/// docs/guarantees.md promises for QoS 2, retained messages, subscriptions and wills.
/// </summary>
public sealed class CrashModelTests(ITestOutputHelper output)
{
    private const int UsualSeeds = 500;

    /// <summary>Then the search ends: one mistake fails many seeds.</summary>
    private const int MostFailures = 3;

    /// <summary>What a run of all seeds must have met, or it shows nothing.</summary>
    private static readonly string[] Kinds =
    [
        "process kill", "power cut", "death during a start", "failed fsync", "failed write", "full disk", "slow disk", "second activation", "lost silo",
        "delayed call", "reordered call", "duplicated call", "lost call", "lost answer", "log answers late", "log is full", "log has failed",
    ];

    /// <summary>Some of the awaits at which it must have killed a broker.</summary>
    private static readonly string[] Awaits =
    [
        "Append of sessions/0 asked", "Append of sessions/0 done", "Append of retain/0 asked", "Append of retain/0 done", "Open of sessions/0 asked",
        "Open of sessions/0 done", "Read of sessions/0 asked", "ISessionStoreGrain.QueueAsync called", "ISessionStoreGrain.QueueAsync answered",
        "ISessionStoreGrain.AttachAsync called", "ISessionStoreGrain.AttachAsync answered", "the disk",
    ];

    [Fact]
    public async Task WhatWasAcknowledgedIsThereAfterAnyScheduleOfCrashes()
    {
        var search = Seeds.Of("crash", UsualSeeds);
        var counts = new FaultCounts();
        var failures = new List<string>();
        var start = Environment.TickCount64;
        int seeds = 0, accepted = 0, dropped = 0, appends = 0;
        foreach (var seed in search.All)
        {
            var failure = await CrashFailure.OfAsync(new CrashPlan(seed), round =>
            {
                counts.Add(round.Counts);
                seeds++;
                (accepted, dropped) = (accepted + round.Messages.Accepted, dropped + round.Messages.Dropped);
                appends += round.Appends;
            });
            if (failure is not null)
            {
                failures.Add(await DescribeAsync(search, failure));
            }

            if (failures.Count == MostFailures)
            {
                break;
            }
        }

        var summary =
            $"{seeds} seeds in {(Environment.TickCount64 - start) / 1000} s: {accepted} messages acknowledged, lost 0, {dropped} dropped by full queues and counted, " +
            $"{appends} appends by one writer each\n{counts}";
        output.WriteLine(summary);
        File.WriteAllText(Seeds.Artifact("crash-model.txt"), summary);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        if (search.IsWhole)
        {
            Assert.Empty(Kinds.Except(counts.Kinds));
            Assert.Empty(Awaits.Except(counts.Deaths));
        }
    }

    private static async Task<string> DescribeAsync(Seeds search, CrashFailure failure)
    {
        var shrinker = new Shrinker(failure.Plan, failure);
        await shrinker.RunAsync();
        var shortest = shrinker.Shortest;
        return search.Failed(failure.Plan.Seed, failure.Exception, $"the whole round:\n{failure.Trace}\n\nthe shortest, {shortest.Plan}:\n{shortest.Exception}\n{shortest.Trace}").Message;
    }
}
