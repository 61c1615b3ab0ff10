namespace GrainMQ.Gateway.Routing;

public sealed partial class RouteTable
{
    private readonly Dictionary<(RouteOwnerKind Kind, string Id), Replica> _replicas = [];
    private readonly Dictionary<(RouteOwnerKind Kind, string Id), long> _removedIncarnations = [];

    /// <summary>The version up to which an owner's rows are applied: what is acknowledged to it. 0 = none.</summary>
    public long AppliedVersion(RouteOwner owner)
    {
        lock (_writing)
        {
            return _replicas.TryGetValue((owner.Kind, owner.Id), out var replica) && replica.Owner == owner ? replica.Version : 0;
        }
    }

    /// <summary>Replaces the rows of an owner. Rows that stay are never missed by a match meanwhile.</summary>
    public RouteApplied Apply(RouteOwner owner, RouteSnapshot snapshot)
    {
        lock (_writing)
        {
            if (ReplicaOf(owner) is not { } replica)
            {
                return RouteApplied.Stale;
            }

            if (snapshot.Version <= replica.Version)
            {
                return RouteApplied.Duplicate;
            }

            var oldEntries = EntriesOf(replica);
            var oldGroups = GroupsOf(replica);
            foreach (var row in snapshot.Rows)
            {
                if (row.Weight <= 0)
                {
                    continue; // a snapshot only lists what exists
                }

                Set(replica, row);
                oldGroups.Remove(row.Key);
            }

            foreach (var entry in oldEntries)
            {
                RemoveEntry(entry);
            }

            foreach (var key in oldGroups)
            {
                Set(replica, new RouteDelta(key, 0));
            }

            return Finish(replica, snapshot.Version);
        }
    }

    /// <summary>Applies the changes that are not known yet, or none of them.</summary>
    public RouteApplied Apply(RouteOwner owner, RouteDeltas deltas)
    {
        lock (_writing)
        {
            if (ReplicaOf(owner) is not { } replica)
            {
                return RouteApplied.Stale;
            }

            if (deltas.LastVersion <= replica.Version)
            {
                return RouteApplied.Duplicate;
            }

            if (deltas.FirstVersion > replica.Version + 1)
            {
                return RouteApplied.Gap;
            }

            foreach (var delta in deltas.Changes.AsSpan((int)(replica.Version + 1 - deltas.FirstVersion)))
            {
                Set(replica, delta);
            }

            return Finish(replica, deltas.LastVersion);
        }
    }

    /// <summary>Removes all rows of this incarnation and of earlier ones; what arrives from them later is <see cref="RouteApplied.Stale"/>.</summary>
    public void Remove(RouteOwner owner)
    {
        lock (_writing)
        {
            var id = (owner.Kind, owner.Id);
            _removedIncarnations[id] = Math.Max(_removedIncarnations.GetValueOrDefault(id, long.MinValue), owner.Incarnation);
            if (_replicas.TryGetValue(id, out var replica) && replica.Owner.Incarnation <= owner.Incarnation)
            {
                Remove(replica);
            }
        }
    }

    private Replica? ReplicaOf(RouteOwner owner)
    {
        var id = (owner.Kind, owner.Id);
        if (_removedIncarnations.TryGetValue(id, out var removed) && owner.Incarnation <= removed)
        {
            return null;
        }

        if (_replicas.TryGetValue(id, out var known))
        {
            if (known.Owner.Incarnation == owner.Incarnation)
            {
                return known;
            }

            if (known.Owner.Incarnation > owner.Incarnation)
            {
                return null;
            }

            Remove(known);
        }

        return _replicas[id] = new Replica(owner, TakeSlot(owner));
    }

    private void Remove(Replica replica)
    {
        foreach (var entry in EntriesOf(replica))
        {
            RemoveEntry(entry);
        }

        foreach (var key in GroupsOf(replica))
        {
            Set(replica, new RouteDelta(key, 0));
        }

        _replicas.Remove((replica.Owner.Kind, replica.Owner.Id));
        SetOwner(replica.Slot, null);
        Finish(replica, replica.Version);
    }

    private RouteApplied Finish(Replica replica, long version)
    {
        replica.Version = version;
        _trie.ReuseIfDue(RecycleGroup);
        Interlocked.Increment(ref _version);
        return RouteApplied.Applied;
    }

    private int TakeSlot(RouteOwner owner)
    {
        var slot = Array.IndexOf(_owners, null);
        if (slot < 0)
        {
            slot = _owners.Length;
        }

        SetOwner(slot, owner);
        return slot;
    }

    private void SetOwner(int slot, RouteOwner? owner)
    {
        var owners = _owners;
        Array.Resize(ref owners, Math.Max(owners.Length, slot + 1)); // always a copy: readers keep theirs
        owners[slot] = owner;
        Volatile.Write(ref _owners, owners);
    }

    private sealed class Replica(RouteOwner owner, int slot)
    {
        public RouteOwner Owner { get; } = owner;

        public int Slot { get; } = slot;

        public RouteRow Row { get; } =
            new(owner.Kind == RouteOwnerKind.Gateway ? RouteRowKind.Gateway : RouteRowKind.DurableInterest, (uint)slot);

        public long Version { get; set; }
    }
}
