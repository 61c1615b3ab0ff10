using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>
/// One committed input of a store shard. The shard's state is a deterministic function of its inputs and their times, so the inputs are what
/// the journal keeps; most are the caller's own immutable records.
/// </summary>
/// <param name="At">Unix milliseconds; everything that was due until then happens first.</param>
internal abstract record SessionChange(long At) : IShardChange
{
    /// <inheritdoc/>
    public virtual long Cost => 128;
}
