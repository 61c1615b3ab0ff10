using GrainMQ.Grains;
using GrainMQ.Tests.Grains.Suites;

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
