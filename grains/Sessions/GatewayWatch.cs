using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Tells which gateways count as lost, and which version of the interest table each has applied. Views come from several gateways, and from
/// before and after a directory's restart, so a view that lacks a gateway proves nothing while that gateway still calls the shard: it must
/// have been silent for longer than a hanging poll. A newer incarnation proves the loss at once.
/// </summary>
/// <param name="silenceMilliseconds"><see cref="GrainOptions.GatewaySilence"/>.</param>
internal sealed class GatewayWatch(long silenceMilliseconds)
{
    private readonly Dictionary<string, Known> _known = [];
    private GatewayRef[]? _live;

    /// <summary>When the watch began, in Unix milliseconds: no gateway counts as silent for longer.</summary>
    public long Since { get; set; }

    /// <summary>Notes that the gateway called.</summary>
    public void Heard(GatewayRef gateway, long now)
    {
        var known = _known.GetValueOrDefault(gateway.Id);
        if (known is null || known.Incarnation <= gateway.Incarnation)
        {
            _known[gateway.Id] = new Known(gateway.Incarnation, now, known?.Incarnation == gateway.Incarnation ? known.Acked : -1);
        }
    }

    /// <summary>Notes that the gateway has applied the interest table up to a version.</summary>
    public void Acked(GatewayRef gateway, long version)
    {
        if (_known.TryGetValue(gateway.Id, out var known) && known.Incarnation == gateway.Incarnation)
        {
            _known[gateway.Id] = known with { Acked = Math.Max(known.Acked, version) };
        }
    }

    /// <summary>Notes a cluster view; null changes nothing.</summary>
    public void Seen(GatewayRef[]? live) => _live = live ?? _live;

    /// <summary>Returns when the gateway counts as lost (Unix milliseconds), if nothing is heard of it until then; null while a view names it.</summary>
    public long? LostAt(GatewayRef gateway)
    {
        var newer = _live is null ? null : Array.Find(_live, live => live.Id == gateway.Id && live.Incarnation >= gateway.Incarnation);
        var known = _known.GetValueOrDefault(gateway.Id);
        if (newer?.Incarnation > gateway.Incarnation || known?.Incarnation > gateway.Incarnation)
        {
            return long.MinValue;
        }

        if (_live is null || newer is not null)
        {
            return null;
        }

        return (known?.Incarnation == gateway.Incarnation ? known.HeardAt : Since) + silenceMilliseconds;
    }

    /// <summary>Returns whether every gateway that is alive, or (before the first view) was heard, has applied the version.</summary>
    public bool AllAcked(long version) => _live is null
        ? _known.Values.All(known => known.Acked >= version)
        : _live.All(live => _known.TryGetValue(live.Id, out var known) && known.Incarnation == live.Incarnation && known.Acked >= version);

    /// <summary>Forgets a lost gateway.</summary>
    public void Forget(GatewayRef gateway)
    {
        if (_known.TryGetValue(gateway.Id, out var known) && known.Incarnation == gateway.Incarnation)
        {
            _known.Remove(gateway.Id);
        }
    }

    private sealed record Known(long Incarnation, long HeardAt, long Acked);
}
