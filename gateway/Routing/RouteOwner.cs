namespace GrainMQ.Gateway.Routing;

/// <summary>What the rows of an owner lead to.</summary>
public enum RouteOwnerKind : byte
{
    /// <summary>A gateway: what matches its rows is forwarded to it.</summary>
    Gateway,

    /// <summary>A shard of the session store: what matches its rows is for durable sessions and goes to the message log.</summary>
    StoreShard,
}

/// <summary>
/// Who writes rows into a <see cref="RouteTable"/>: one run of a gateway, or one activation of a store shard. A later run has a higher
/// incarnation; rows die with theirs.
/// </summary>
public sealed record RouteOwner(RouteOwnerKind Kind, string Id, long Incarnation);
