namespace GrainMQ.Gateway.Routing;

/// <summary>A Topic Filter, or one with the ShareName of a Shared Subscription.</summary>
public readonly record struct RouteKey(string Filter, string? ShareName = null);

/// <summary>
/// The weight that a key has from now on: 0 removes it, a plain filter has 1, a Shared Subscription as many as it has members there.
/// </summary>
public readonly record struct RouteDelta(RouteKey Key, int Weight);

/// <summary>Consecutive changes: the first one leads to <paramref name="FirstVersion"/>, each further one to the next.</summary>
public sealed record RouteDeltas(long FirstVersion, RouteDelta[] Changes)
{
    public long LastVersion => FirstVersion + Changes.Length - 1;
}

/// <summary>All rows of an owner as of a version.</summary>
public sealed record RouteSnapshot(long Version, RouteDelta[] Rows);

/// <summary>What became of a snapshot or of deltas.</summary>
public enum RouteApplied : byte
{
    Applied,

    /// <summary>Known already, nothing changed.</summary>
    Duplicate,

    /// <summary>Changes before these are missing; nothing was applied. Ask for deltas from the known version, or for a snapshot.</summary>
    Gap,

    /// <summary>A later incarnation is known, or this one was removed; nothing was applied.</summary>
    Stale,
}

/// <summary>Whether a match can be trusted to be all.</summary>
public enum RouteAnswer : byte
{
    /// <summary>The match holds every destination.</summary>
    Complete,

    /// <summary>The rows for this topic are kept by another gateway, which has to be asked; a fully replicated table never says so.</summary>
    AskOwner,
}
