using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Retained;

/// <summary>One committed batch.</summary>
/// <param name="At">Unix milliseconds; messages that had expired by then are removed first.</param>
/// <param name="Batch">What the gateway sent.</param>
internal sealed record RetainChange(long At, RetainBatch Batch) : IShardChange
{
    /// <inheritdoc/>
    public long Cost { get; } = 64 + Batch.Entries.Sum(RetainedTree.Cost);
}
