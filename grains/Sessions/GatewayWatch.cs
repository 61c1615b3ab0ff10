using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Which gateways this shard can believe to be lost, and which interest version each has applied. Views come from several gateways and
/// from before and after a directory's restart, so a view that lacks a gateway proves nothing while that gateway still talks to the
/// shard: it must have been silent for longer than a hanging poll. A newer incarnation proves the loss at once.
/// </summary>
/// <param name="silenceMilliseconds"><see cref="GrainOptions.GatewaySilence"/>.</param>
/// <param name="since">When the watch began: nobody was silent for longer.</param>
internal sealed class GatewayWatch(long silenceMilliseconds, long since)
{
    private readonly Dictionary<string, Known> _known = [];
    private GatewayRef[]? _live;

    /// <summary>The gateway called.</summary>
    public void Heard(GatewayRef gateway, long now)
    {
        var known = _known.GetValueOrDefault(gateway.Id);
        if (known is null || known.Incarnation <= gateway.Incarnation)
        {
            _known[gateway.Id] = new Known(gateway.Incarnation, now, known?.Incarnation == gateway.Incarnation ? known.Acked : -1);
        }
    }

    public void Acked(GatewayRef gateway, long version)
    {
        if (_known.TryGetValue(gateway.Id, out var known) && known.Incarnation == gateway.Incarnation)
        {
            _known[gateway.Id] = known with { Acked = Math.Max(known.Acked, version) };
        }
    }

    public void Seen(GatewayRef[]? live) => _live = live ?? _live;

    /// <summary>When the gateway counts as lost (Unix milliseconds), if nothing is heard until then; null while a view names it.</summary>
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

        return (known?.Incarnation == gateway.Incarnation ? known.HeardAt : since) + silenceMilliseconds;
    }

    /// <summary>Whether every gateway that is alive, or (before the first view) was heard, has applied the version.</summary>
    public bool AllAcked(long version) => _live is null
        ? _known.Values.All(known => known.Acked >= version)
        : _live.All(live => _known.TryGetValue(live.Id, out var known) && known.Incarnation == live.Incarnation && known.Acked >= version);

    public void Forget(GatewayRef gateway)
    {
        if (_known.TryGetValue(gateway.Id, out var known) && known.Incarnation == gateway.Incarnation)
        {
            _known.Remove(gateway.Id);
        }
    }

    private sealed record Known(long Incarnation, long HeardAt, long Acked);
}
