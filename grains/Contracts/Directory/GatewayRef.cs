namespace GrainMQ.Grains.Contracts;

/// <summary>Names one run of one gateway process.</summary>
/// <param name="Id">The gateway's name; a restart keeps it.</param>
/// <param name="Incarnation">Rises with every restart of the gateway.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.GatewayRef")]
public sealed record GatewayRef([property: Id(0)] string Id, [property: Id(1)] long Incarnation);
