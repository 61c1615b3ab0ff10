using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Retained;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// A retain shard that is exported. What its quota refuses is noted: a broker with another configuration may have taken it.
/// </summary>
internal sealed class RetainedSource(GrainOptions options) : IShardState<RetainSnapshot, RetainChange>
{
    private readonly RetainShardState _shard = new(options);

    public RetainedTree Tree => _shard.Tree;

    /// <summary>The broker had them: its quota is larger.</summary>
    public int MissingFromSnapshot { get; private set; }

    /// <summary>The broker may have refused them too.</summary>
    public int Refused { get; private set; }

    public void Restore(RetainSnapshot snapshot)
    {
        _shard.Restore(snapshot);
        MissingFromSnapshot = snapshot.Messages.Count - Tree.Count;
    }

    public void Apply(RetainChange change) => Refused += _shard.Set(change).Refused.Length;
}
