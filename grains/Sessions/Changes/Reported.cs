using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A gateway's report of how far its deliveries have come.</summary>
internal sealed record Reported(long At, ProgressBatch Batch) : SessionChange(At)
{
    public override long Cost { get; } = Batch.Sessions.Sum(session => 128L + (16 * session.Done.Length) + (16 * session.Started.Length));
}
