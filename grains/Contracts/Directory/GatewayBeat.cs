namespace GrainMQ.Grains.Contracts;

/// <summary>A gateway's heartbeat.</summary>
/// <param name="Gateway">The gateway that beats.</param>
/// <param name="Endpoint">The machine it runs on, for people to read.</param>
/// <param name="State">What it does now.</param>
/// <param name="Connections">How many clients are connected to it. A change of this number alone makes no new view.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.GatewayBeat")]
public sealed record GatewayBeat(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] string Endpoint,
    [property: Id(2)] GatewayState State,
    [property: Id(3)] int Connections);
