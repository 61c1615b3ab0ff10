using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Tells which gateways count as lost, and which version of the interest table each has applied. Views come from several gateways, older and
/// newer ones, so a view that lacks a gateway proves nothing while that gateway still calls the shard: it must have been silent for longer than
/// a hanging poll. That every gateway before a number has ended proves the loss at once.
/// </summary>
/// <param name="silenceMilliseconds"><see cref="GrainOptions.GatewaySilence"/>.</param>
internal sealed class GatewayWatch(long silenceMilliseconds)
{
    private readonly Dictionary<GatewayRef, Known> _known = [];
    private GatewayRef[]? _live;
    private long _oldest = long.MinValue;

    /// <summary>When the watch began, in Unix milliseconds: no gateway counts as silent for longer.</summary>
    public long Since { get; set; }

    /// <summary>Notes that the gateway called.</summary>
    public void Heard(GatewayRef gateway, long now)
    {
        if (gateway.Number >= _oldest)
        {
            _known[gateway] = new Known(now, _known.GetValueOrDefault(gateway)?.Acked ?? -1);
        }
    }

    /// <summary>Notes that the gateway has applied the interest table up to a version.</summary>
    public void Acked(GatewayRef gateway, long version)
    {
        if (_known.TryGetValue(gateway, out var known))
        {
            _known[gateway] = known with { Acked = Math.Max(known.Acked, version) };
        }
    }

    /// <summary>Notes a cluster view; null changes nothing.</summary>
    /// <param name="live">The gateways of the view.</param>
    /// <param name="oldest">As <see cref="ClusterView.Oldest"/>.</param>
    public void Seen(GatewayRef[]? live, long oldest)
    {
        if (live is null || oldest < _oldest)
        {
            return;
        }

        (_live, _oldest) = (live, oldest);
        foreach (var ended in _known.Keys.Where(gateway => gateway.Number < oldest).ToArray())
        {
            _known.Remove(ended);
        }
    }

    /// <summary>Returns when the gateway counts as lost (Unix milliseconds), if nothing is heard of it until then; null while a view names it.</summary>
    public long? LostAt(GatewayRef gateway)
    {
        if (_live is null)
        {
            return null;
        }

        if (gateway.Number < _oldest)
        {
            return long.MinValue;
        }

        return _live.Contains(gateway) ? null : (_known.GetValueOrDefault(gateway)?.HeardAt ?? Since) + silenceMilliseconds;
    }

    /// <summary>Returns whether every gateway that is alive, or (before the first view) was heard, has applied the version.</summary>
    public bool AllAcked(long version) => _live is null
        ? _known.Values.All(known => known.Acked >= version)
        : _live.All(live => _known.TryGetValue(live, out var known) && known.Acked >= version);

    /// <summary>Forgets a lost gateway.</summary>
    public void Forget(GatewayRef gateway) => _known.Remove(gateway);

    private sealed record Known(long HeardAt, long Acked);
}
