using GrainMQ.Grains;
using GrainMQ.Grains.Storage;
using GrainMQ.Tests.Grains.Suites;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.Grains.Embedded;

public sealed class EmbeddedSessionTests : SessionSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new EmbeddedGrainCluster(configure);
}

public sealed class EmbeddedPollTests : PollSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new EmbeddedGrainCluster(configure);
}

public sealed class EmbeddedWillTests : WillSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new EmbeddedGrainCluster(configure);
}

public sealed class EmbeddedPresetTests : PresetSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new EmbeddedGrainCluster(configure);
}

public sealed class EmbeddedRetainTests : RetainSuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new EmbeddedGrainCluster(configure);
}

public sealed class EmbeddedDirectoryTests : DirectorySuite
{
    protected override IGrainCluster Start(Action<GrainOptions> configure) => new EmbeddedGrainCluster(configure);
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
    public static IGrainCluster Start(Action<GrainOptions> configure) => new EmbeddedGrainCluster(
        configure, logs: LogStore.InMemory(new LogStoreOptions(), TimeProvider.System, NullLogger<LogStore>.Instance));
}
