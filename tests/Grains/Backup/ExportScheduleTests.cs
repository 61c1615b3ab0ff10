using GrainMQ.Tests.Testing.LogStore;
using Xunit;

namespace GrainMQ.Tests.Grains.Backup;

/// <summary>
/// An export during appends has a prefix of what was acknowledged, whole changes only, and an import gives the same state, however many
/// shards it has. More seeds: GRAINMQ_EXPORT_SEEDS=10000; one seed: GRAINMQ_EXPORT_SEED=17.
/// </summary>
public sealed class ExportScheduleTests
{
    private const int Steps = 40;

    [Fact]
    public async Task AnExportInTheMiddleOfWritesHasWhatWasAcknowledged()
    {
        var met = new HashSet<DiskOperation>();
        foreach (var seed in Seeds())
        {
            var simulation = new ExportSimulation(seed);
            try
            {
                await simulation.RunAsync(Steps);
            }
            catch (Exception e)
            {
                Assert.Fail($"GRAINMQ_EXPORT_SEED={seed}\n{simulation.Trace}\n{e}");
            }
            met.UnionWith(simulation.Met);
        }
        if (Environment.GetEnvironmentVariable("GRAINMQ_EXPORT_SEED") is null)
        {
            Assert.Superset(
                new HashSet<DiskOperation>([DiskOperation.Write, DiskOperation.Flush, DiskOperation.Rename, DiskOperation.Delete]), met);
        }
    }

    private static IEnumerable<int> Seeds() =>
        Environment.GetEnvironmentVariable("GRAINMQ_EXPORT_SEED") is { } one ? [int.Parse(one)]
        : Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("GRAINMQ_EXPORT_SEEDS") ?? "25"));
}
