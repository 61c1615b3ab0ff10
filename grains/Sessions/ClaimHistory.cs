using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// The last connections that opened a session before the current one, by hash: a copy of such a CONNECT that comes late (a call that was
/// repeated, or waited in an activation that moved) must not take the session from its successor. Three words in place of three records.
/// </summary>
internal readonly record struct ClaimHistory(ulong Last, ulong Second, ulong Third)
{
    public bool Contains(GatewayRef gateway, long connectionId)
    {
        var claim = HashOf(gateway, connectionId);
        return claim == Last || claim == Second || claim == Third;
    }

    public ClaimHistory With(SessionOwner owner) => new(HashOf(owner.Gateway, owner.ConnectionId), Last, Second);

    /// <summary>Never 0, which stands for no claim.</summary>
    private static ulong HashOf(GatewayRef gateway, long connectionId)
    {
        var hash = new ShardHash();
        hash.Append(gateway.Id);
        hash.Append(gateway.Incarnation);
        hash.Append(connectionId);
        return hash.Value | 1;
    }
}
