using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Directory;

/// <summary>
/// The gateways, their numbers and their leases. Leases are not journaled: a new activation gives every member a whole one, and evicts none
/// before it ends.
/// </summary>
/// <param name="options">The length of a lease, and the shard counts.</param>
internal sealed class DirectoryState(GrainOptions options) : IJournaledState<DirectoryRecord, DirectoryRecord>
{
    /// <summary>Departures are remembered for beats that come late; beyond this the oldest are forgotten.</summary>
    private const int MaxLeft = 1_024;

    private readonly long _lease = (long)options.GatewayLease.TotalMilliseconds;
    private readonly SortedDictionary<long, Lease> _leases = [];
    private readonly Queue<long> _left = [];
    private long _lastNumber;
    private long _oldest;
    private long _viewId;
    private long _leasesEndFrom;

    /// <inheritdoc/>
    public int Count => _leases.Count;

    /// <inheritdoc/>
    public long Replayed { get; private set; }

    /// <inheritdoc/>
    public (long State, long Messages) SnapshotCost => (64L * _leases.Count, 0);

    /// <summary>The view as it is now.</summary>
    public ClusterView View => new(
        _viewId, [.. _leases.Values.Select(lease => lease.Beat)], options.StoreShards, options.RetainShards, ContractVersion.Current, _oldest);

    /// <summary>
    /// Begins an activation. Numbers and views go on above those that are stored; where nothing is stored, the epoch is above them, for it
    /// rises by more in a millisecond than gateways join.
    /// </summary>
    public void Begin(long epoch, long now)
    {
        _lastNumber = Math.Max(_lastNumber, epoch);
        _viewId = Math.Max(_viewId, epoch);
        _leasesEndFrom = now + _lease;
    }

    /// <summary>Draws a number. The first of them is 1 more than the last of the activation before.</summary>
    /// <param name="isAlone">As <see cref="JoinRequest.IsAlone"/>.</param>
    public GatewayRef Draw(bool isAlone)
    {
        var gateway = new GatewayRef(++_lastNumber);
        if (isAlone)
        {
            _oldest = gateway.Number;
            _leases.Clear();
            _viewId++;
        }

        return gateway;
    }

    /// <summary>Renews a lease. Returns whether the view has changed; the number of connections alone makes no new one.</summary>
    public bool Heartbeat(GatewayBeat beat, long now)
    {
        var number = beat.Gateway.Number;
        if (number < _oldest || _left.Contains(number))
        {
            return Evict(now);
        }

        _lastNumber = Math.Max(_lastNumber, number); // the directory may be restored from a copy that is older than the gateway
        var old = _leases.GetValueOrDefault(number)?.Beat;
        _leases[number] = new Lease(beat, now + _lease);
        return Evict(now) | Change(old is null || old with { Connections = beat.Connections } != beat);
    }

    /// <summary>Ends a gateway's lease. Returns whether the view has changed.</summary>
    public bool Leave(GatewayRef gateway, long now)
    {
        if (!_leases.Remove(gateway.Number))
        {
            return Evict(now);
        }

        if (_left.Count >= MaxLeft)
        {
            _left.Dequeue();
        }

        _left.Enqueue(gateway.Number);
        return Evict(now) | Change(true);
    }

    /// <summary>Removes gateways whose lease has ended. Returns whether the view has changed.</summary>
    public bool Evict(long now)
    {
        if (now < _leasesEndFrom)
        {
            return false;
        }

        var lapsed = _leases.Where(pair => pair.Value.EndsAt <= now).Select(pair => pair.Key).ToArray();
        foreach (var number in lapsed)
        {
            _leases.Remove(number);
        }

        return Change(lapsed.Length > 0);
    }

    /// <summary>Returns the record of the directory as it is now.</summary>
    public DirectoryRecord RecordOf(long now) => new(now, _lastNumber, _oldest, _viewId, [.. _leases.Values.Select(lease => lease.Beat)]);

    /// <inheritdoc/>
    public DirectoryRecord Snapshot() => RecordOf(0);

    /// <inheritdoc/>
    public void Restore(DirectoryRecord snapshot)
    {
        (_lastNumber, _oldest, _viewId) = (snapshot.LastNumber, snapshot.Oldest, snapshot.ViewId);
        _leases.Clear();
        foreach (var member in snapshot.Members)
        {
            _leases[member.Gateway.Number] = new Lease(member, 0);
        }
    }

    /// <inheritdoc/>
    public void Apply(DirectoryRecord change)
    {
        Restore(change);
        Replayed += change.Cost;
    }

    /// <inheritdoc/>
    public void FireDue(long now)
    {
        // only a call that can commit evicts
    }

    /// <inheritdoc/>
    public void Measure(ShardGauge gauge)
    {
        // the view shows everything
    }

    private bool Change(bool isChanged)
    {
        _viewId += isChanged ? 1 : 0;
        return isChanged;
    }

    private sealed record Lease(GatewayBeat Beat, long EndsAt);
}
