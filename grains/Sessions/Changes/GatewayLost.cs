using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A gateway that the shard took for lost: its connections ended.</summary>
internal sealed record GatewayLost(long At, GatewayRef Gateway) : SessionChange(At);
