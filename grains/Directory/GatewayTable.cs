using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Directory;

/// <summary>
/// The gateways and their leases. A new table knows no gateway, so for one lease it evicts none: every gateway that lives has called by then.
/// </summary>
/// <param name="options">The length of a lease, and the shard counts.</param>
/// <param name="startedAt">Unix milliseconds; view ids go on from here, above those of a table before.</param>
internal sealed class GatewayTable(GrainOptions options, long startedAt)
{
    /// <summary>Departures are remembered for beats that come late; beyond this the oldest are forgotten.</summary>
    private const int MaxLeft = 1_024;

    private readonly long _lease = (long)options.GatewayLease.TotalMilliseconds;
    private readonly SortedDictionary<string, Lease> _leases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _left = [];
    private ClusterView _view = new(startedAt, [], options.StoreShards, options.RetainShards, ContractVersion.Current);

    /// <summary>Renews a lease. A beat of an older incarnation, or of one that has left, changes nothing.</summary>
    public ClusterView Heartbeat(GatewayBeat beat, long now)
    {
        var old = _leases.GetValueOrDefault(beat.Gateway.Id)?.Beat;
        if (old?.Gateway.Incarnation > beat.Gateway.Incarnation || HasLeft(beat.Gateway))
        {
            return View(now);
        }

        _left.Remove(beat.Gateway.Id);
        _leases[beat.Gateway.Id] = new Lease(beat, now + _lease);
        // the number of connections alone is no reason for a new view
        return Evict(now) || old is null || old with { Connections = beat.Connections } != beat ? Change(now) : Refresh();
    }

    /// <summary>Ends a gateway's lease. An unknown gateway, or an older incarnation, changes nothing.</summary>
    public ClusterView Leave(GatewayRef gateway, long now)
    {
        var isMember = _leases.TryGetValue(gateway.Id, out var lease) && lease.Beat.Gateway.Incarnation <= gateway.Incarnation;
        if (!isMember)
        {
            return View(now);
        }

        if (_left.Count >= MaxLeft)
        {
            _left.Remove(_left.Keys.First());
        }

        _left[gateway.Id] = gateway.Incarnation;
        _leases.Remove(gateway.Id);
        return Change(now);
    }

    /// <summary>Returns the view without the gateways whose lease has ended.</summary>
    public ClusterView View(long now) => Evict(now) ? Change(now) : _view;

    private bool HasLeft(GatewayRef gateway) => _left.TryGetValue(gateway.Id, out var incarnation) && gateway.Incarnation <= incarnation;

    private bool Evict(long now)
    {
        if (now < startedAt + _lease)
        {
            return false;
        }

        var lapsed = _leases.Where(pair => pair.Value.EndsAt <= now).Select(pair => pair.Key).ToArray();
        foreach (var id in lapsed)
        {
            _leases.Remove(id);
        }

        return lapsed.Length > 0;
    }

    private ClusterView Change(long now)
    {
        _view = _view with { ViewId = Math.Max(_view.ViewId + 1, now) };
        return Refresh();
    }

    private ClusterView Refresh() => _view = _view with { Gateways = [.. _leases.Values.Select(lease => lease.Beat)] };

    private sealed record Lease(GatewayBeat Beat, long EndsAt);
}
