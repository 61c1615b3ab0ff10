namespace GrainMQ.Grains.Contracts;

/// <summary>The answer to a <see cref="JoinRequest"/>.</summary>
/// <param name="Gateway">What the gateway is called from now on.</param>
/// <param name="Now">The time of the cluster, in Unix milliseconds: a gateway counts expiries from it, and not from a clock of its own.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.JoinReply")]
public sealed record JoinReply([property: Id(0)] GatewayRef Gateway, [property: Id(1)] long Now);
