namespace GrainMQ.Grains.Contracts;

/// <summary>A gateway's wish for a number.</summary>
/// <param name="IsAlone">
/// Whether the gateway shares its process with the cluster's only silo: then every gateway before it has ended, and their sessions are
/// disconnected at once.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.JoinRequest")]
public sealed record JoinRequest([property: Id(0)] bool IsAlone);
