using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Grains.Suites;

/// <summary>Running grains as the suites see them. Every engine that GrainMQ supports derives the suites over its own.</summary>
public interface IGrainCluster : IAsyncDisposable
{
    /// <summary>What a gateway has.</summary>
    IGrainFactory Client { get; }

    ManualTimeProvider Time { get; }

    /// <summary>At least 2: a killed silo leaves another.</summary>
    int Silos { get; }

    /// <summary>The silo's activations are gone without a goodbye.</summary>
    void KillSilo(int silo);

    /// <summary>Brings a killed silo back, empty.</summary>
    void StartSilo(int silo);

    /// <summary>Calls to the grain go to two activations by turns, for so long.</summary>
    void ForceSecondActivation(IGrain grain, TimeSpan duration);
}
