using System.Globalization;
using System.Runtime.CompilerServices;
using Xunit;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// The whole broker beside an oracle with a queue per session, under schedules with crashes, from seeds: I5, I6, I7, I8, I10, I11, and what
/// docs/guarantees.md promises for QoS 2, retained messages, subscriptions and wills. First come the seeds of every earlier failure
/// (<c>seeds.txt</c>), then 1 to 500.
/// </summary>
public sealed class CrashModelTests(ITestOutputHelper output)
{
    private const int SeedsOfEveryRun = 500;

    /// <summary>Then the search ends: one mistake fails many seeds.</summary>
    private const int MostFailures = 3;

    /// <summary>A nightly run says <c>GRAINMQ_CRASH_SEEDS=10000</c> and searches that many from a new seed.</summary>
    private static readonly int? Nightly = Number("GRAINMQ_CRASH_SEEDS");

    /// <summary>One seed and no other: <c>GRAINMQ_CRASH_SEED=17</c>.</summary>
    private static readonly int? OnlySeed = Number("GRAINMQ_CRASH_SEED");

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
        var counts = new FaultCounts();
        var failures = new List<string>();
        var start = Environment.TickCount64;
        int seeds = 0, accepted = 0, dropped = 0, appends = 0;
        foreach (var seed in Seeds())
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
                Keep(seed);
                failures.Add(await DescribeAsync(failure));
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
        File.WriteAllText(Path.Combine(Artifacts(), "crash-model.txt"), summary);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        if (OnlySeed is null)
        {
            Assert.Empty(Kinds.Except(counts.Kinds));
            Assert.Empty(Awaits.Except(counts.Deaths));
        }
    }

    /// <summary>Short, with the seed first: what reports show of it is cut.</summary>
    private static async Task<string> DescribeAsync(CrashFailure failure)
    {
        var shrinker = new Shrinker(failure.Plan, failure);
        await shrinker.RunAsync();
        var shortest = shrinker.Shortest;
        var file = Path.Combine(Artifacts(), $"crash-seed-{failure.Plan.Seed}.txt");
        await File.WriteAllTextAsync(
            file, $"GRAINMQ_CRASH_SEED={failure.Plan.Seed}, {shortest.Plan}\n{shortest.Exception}\n{shortest.Trace}\n\nthe whole round:\n{failure.Exception}\n{failure.Trace}\n");
        return $"GRAINMQ_CRASH_SEED={failure.Plan.Seed}: {failure.Exception.Message} Shortest: {shortest.Plan}, {file}";
    }

    private static IEnumerable<int> Seeds() =>
        OnlySeed is { } only ? [only]
        : Nightly is { } many ? Known().Concat(Enumerable.Range(Random.Shared.Next(1_000, 1_000_000), many))
        : Known().Union(Enumerable.Range(1, SeedsOfEveryRun));

    private static IEnumerable<int> Known() => File.ReadLines(SeedFile())
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture));

    private static void Keep(int seed)
    {
        if (!Known().Contains(seed))
        {
            File.AppendAllText(SeedFile(), $"{seed}\n");
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static string SeedFile([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here) ?? "", "seeds.txt");

    private static string Artifacts([CallerFilePath] string here = "")
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here) ?? "", "..", "..", ".."));
        return Directory.CreateDirectory(Path.Combine(root, "artifacts", "tests")).FullName;
    }
}
