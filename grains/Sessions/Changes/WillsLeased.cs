using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>Due wills that a gateway was given to publish.</summary>
internal sealed record WillsLeased(long At, GatewayRef Gateway, long[] Ids) : SessionChange(At);
