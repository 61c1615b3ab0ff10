namespace GrainMQ.Grains.Contracts;

/// <summary>Names one run of one gateway process.</summary>
/// <param name="Number">Drawn from the directory when the gateway joins: above every number before it, and never given twice.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.GatewayRef")]
public sealed record GatewayRef([property: Id(0)] long Number);
