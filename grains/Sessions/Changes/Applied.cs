using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A SUBSCRIBE or UNSUBSCRIBE.</summary>
internal sealed record Applied(long At, SessionDelta Delta) : SessionChange(At)
{
    public override long Cost => base.Cost + (128 * Delta.Added.Length);
}
