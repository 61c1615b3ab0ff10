using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>A will that is due.</summary>
/// <param name="Will">The will.</param>
/// <param name="Holder">The gateway that it is leased to; null if it is available.</param>
/// <param name="LapsesAt">When the lease lapses, in Unix milliseconds.</param>
internal sealed record DueWillSnapshot(DueWill Will, GatewayRef? Holder, long LapsesAt);
