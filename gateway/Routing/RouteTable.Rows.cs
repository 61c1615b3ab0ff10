namespace GrainMQ.Gateway.Routing;

public sealed partial class RouteTable
{
    private readonly Dictionary<RouteKey, (RouteGroup Group, uint Entry)> _groupsByKey = [];
    private readonly SlotPool _groupPool = new();

    private void Set(Replica replica, RouteDelta delta)
    {
        // Durable groups are fed from the log: for the publisher's gateway their interest is like any other.
        if (delta.Key.ShareName is not null && replica.Owner.Kind == RouteOwnerKind.Gateway)
        {
            SetGroup(replica.Slot, delta);
        }
        else if (delta.Weight > 0)
        {
            AddEntry(delta.Key.Filter, replica.Row);
        }
        else
        {
            RemoveRow(delta.Key.Filter, replica.Row);
        }
    }

    private void SetGroup(int slot, RouteDelta delta)
    {
        var known = _groupsByKey.TryGetValue(delta.Key, out var row);
        if (!known)
        {
            if (delta.Weight <= 0)
            {
                return;
            }

            row.Group = new RouteGroup(delta.Key);
        }

        row.Group.Set(slot, delta.Weight);
        if (!known)
        {
            _groupsByKey.Add(delta.Key, (row.Group, AddGroup(row.Group)));
        }
        else if (row.Group.IsEmpty && _groupsByKey.Remove(delta.Key))
        {
            RemoveEntry(row.Entry);
        }
    }

    private uint AddGroup(RouteGroup group)
    {
        var index = _groupPool.Take();
        _groups.Reserve(index);
        Volatile.Write(ref _groups[index], group);
        return AddEntry(group.Key.Filter, new RouteRow(RouteRowKind.Group, index));
    }

    private uint AddEntry(string filter, RouteRow row)
    {
        using var utf8 = new Utf8Filter(filter, stackalloc byte[Utf8Filter.StackBytes]);
        var entry = _trie.Add(utf8.Bytes, row, out var node);
        _trie[entry].Tag = node;
        return entry;
    }

    private void RemoveRow(string filter, RouteRow row)
    {
        using var utf8 = new Utf8Filter(filter, stackalloc byte[Utf8Filter.StackBytes]);
        var flag = LevelTrie<RouteRow>.FlagOf(utf8.Bytes);
        for (var entry = _trie.FindChain(utf8.Bytes); entry != 0; entry = TrieEntry<RouteRow>.Next(_trie[entry].Link))
        {
            if (!_trie[entry].Value.Equals(row) || TrieEntry<RouteRow>.FlagOf(_trie[entry].Link) != flag)
            {
                continue;
            }

            RemoveEntry(entry);
            return;
        }
    }

    /// <summary>The row's value stays while the entry rests; a group is forgotten at once, so that it is not kept alive.</summary>
    private void RemoveEntry(uint entry)
    {
        ref var removed = ref _trie[entry];
        _trie.RemoveAt(removed.Tag, entry);
        if (removed.Value.Kind == RouteRowKind.Group)
        {
            Volatile.Write(ref _groups[removed.Value.Index], null);
        }
        else
        {
            removed.Value = default;
        }
    }

    private void RecycleGroup(uint entry)
    {
        if (_trie[entry].Value.Kind != RouteRowKind.Group)
        {
            return;
        }

        _groupPool.Return(_trie[entry].Value.Index);
        _groupPool.Release();
    }

    /// <summary>A scan of all entries: rows keep no list per owner, because an owner leaves far less often than rows change.</summary>
    private List<uint> EntriesOf(Replica replica)
    {
        List<uint> entries = [];
        for (uint entry = 1; entry <= _trie.HighestEntry; entry++)
        {
            if (_trie[entry].Value.Equals(replica.Row))
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    private HashSet<RouteKey> GroupsOf(Replica replica) =>
        [.. _groupsByKey.Where(row => row.Value.Group.WeightOf(replica.Slot) != 0).Select(static row => row.Key)];
}
