namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>Due wills that a gateway has published.</summary>
internal sealed record WillsCompleted(long At, long[] Ids) : SessionChange(At);
