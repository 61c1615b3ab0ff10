using GrainMQ.Grains.Journals;

namespace GrainMQ.Tests.Grains.Journals;

/// <summary>Remembers what a journal played.</summary>
internal sealed class PlayedState : IShardState<string, string>
{
    public string? Snapshot { get; private set; }

    public List<string> Changes { get; } = [];

    public void Restore(string snapshot) => Snapshot = snapshot;

    public void Apply(string change) => Changes.Add(change);
}
