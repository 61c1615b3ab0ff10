namespace GrainMQ.Grains.Contracts;

/// <summary>One connection's claim on a session.</summary>
/// <param name="Gateway">The gateway that has the connection.</param>
/// <param name="ConnectionId">The connection's number; no two connections of one gateway incarnation share it.</param>
/// <param name="Epoch">The epoch that the connection got from its CONNECT.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SessionOwner")]
public sealed record SessionOwner(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] long ConnectionId,
    [property: Id(2)] ulong Epoch);
