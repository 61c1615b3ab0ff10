using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing.LogStore;
using Xunit;

namespace GrainMQ.Tests.Grains.Backup;

/// <summary>
/// An export during appends has a prefix of what was acknowledged, whole changes only, and an import gives the same state, however many
/// shards it has.
/// </summary>
public sealed class ExportScheduleTests
{
    private const int UsualSeeds = 25, Steps = 40;

    [Fact]
    public async Task AnExportInTheMiddleOfWritesHasWhatWasAcknowledged()
    {
        var search = Seeds.Of("export", UsualSeeds);
        var met = new HashSet<DiskOperation>();
        foreach (var seed in search.All)
        {
            var simulation = new ExportSimulation(seed);
            try
            {
                await simulation.RunAsync(Steps);
            }
            catch (Exception exception)
            {
                throw search.Failed(seed, exception, simulation.Trace);
            }

            met.UnionWith(simulation.Met);
        }

        if (search.IsWhole)
        {
            Assert.Superset(
                new HashSet<DiskOperation>([DiskOperation.Write, DiskOperation.Flush, DiskOperation.Rename, DiskOperation.Delete]), met);
        }
    }
}
