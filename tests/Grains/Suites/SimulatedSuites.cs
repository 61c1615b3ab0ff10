using GrainMQ.Grains;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.Grains.Suites;

public sealed class SimulatedSessionTests : SessionSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new SimulatedGrainCluster(configure);
}

public sealed class SimulatedPollTests : PollSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new SimulatedGrainCluster(configure);
}

public sealed class SimulatedWillTests : WillSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new SimulatedGrainCluster(configure);
}

public sealed class SimulatedPresetTests : PresetSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new SimulatedGrainCluster(configure);
}

public sealed class SimulatedRetainTests : RetainSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new SimulatedGrainCluster(configure);
}

public sealed class SimulatedDirectoryTests : DirectorySuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new SimulatedGrainCluster(configure);
}

/// <summary>The same promises with journals in logs.</summary>
public sealed class LoggedSessionTests : SessionSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => Logged.Start(configure);
}

public sealed class LoggedPollTests : PollSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => Logged.Start(configure);
}

public sealed class LoggedWillTests : WillSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => Logged.Start(configure);
}

public sealed class LoggedPresetTests : PresetSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => Logged.Start(configure);
}

public sealed class LoggedRetainTests : RetainSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => Logged.Start(configure);
}

internal static class Logged
{
    public static IGrainCluster Start(Action<GrainOptions> configure) => new SimulatedGrainCluster(
        configure, logs: MemoryLogStore.Create(new LogStoreOptions(), TimeProvider.System, NullLogger<SegmentLogStore>.Instance));
}
