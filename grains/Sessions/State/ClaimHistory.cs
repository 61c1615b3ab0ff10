using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>
/// The last connections that opened a session before the current one, by hash: a copy of such a CONNECT that comes late (a call that was
/// repeated, or waited in an activation that moved) must not take the session from its successor. Three words stand in place of three records.
/// </summary>
internal readonly record struct ClaimHistory(ulong Last, ulong Second, ulong Third)
{
    /// <summary>Returns whether the connection is one of the three.</summary>
    public bool Contains(GatewayRef gateway, long connectionId)
    {
        var claim = HashOf(gateway, connectionId);
        return claim == Last || claim == Second || claim == Third;
    }

    /// <summary>Returns the history with one more connection; the oldest one is forgotten.</summary>
    public ClaimHistory With(SessionOwner owner) => new(HashOf(owner.Gateway, owner.ConnectionId), Last, Second);

    /// <summary>Returns a hash that is never 0, which stands for no claim.</summary>
    private static ulong HashOf(GatewayRef gateway, long connectionId)
    {
        var hash = new ShardHash();
        hash.Append(gateway.Number);
        hash.Append(connectionId);
        return hash.Value | 1;
    }
}
