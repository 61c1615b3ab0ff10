using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>Connected sessions that a gateway named after the shard had moved.</summary>
internal sealed record Reattached(long At, ReattachBatch Batch) : SessionChange(At)
{
    public override long Cost => base.Cost * Math.Max(1, Batch.Sessions.Length);
}
