namespace GrainMQ.Gateway.Routing;

internal sealed partial class LevelTrie<T>
{
    /// <summary>How many nodes and entries rest before they are used again: rare enough that readers hardly ever start over.</summary>
    private const int ReuseBatch = 512;

    /// <summary>Adds an entry for <paramref name="filter"/>; the same filter may have several.</summary>
    public uint Add(ReadOnlySpan<byte> filter, T value, out uint node, uint tag = 0)
    {
        node = GetOrAddNode(filter, out var multiLevel);
        return AddEntry(node, multiLevel, tag, value);
    }

    /// <summary>Takes one entry of <paramref name="filter"/> out; its slot rests until no reader can stand on it.</summary>
    public void Remove(ReadOnlySpan<byte> filter, uint entry)
    {
        if (FindNode(filter) is { } node)
        {
            RemoveAt(node, entry);
        }
    }

    /// <summary>Takes an entry out of the chain of its node.</summary>
    public void RemoveAt(uint node, uint entry)
    {
        Unlink(node, entry);
        _entryPool.Return(entry);
        RemoveUnused(node);
    }

    /// <summary>
    /// Makes what rests available once enough of it rests. <paramref name="recycle"/> sees each entry before its slot is used again.
    /// </summary>
    public void ReuseIfDue(Action<uint>? recycle = null)
    {
        if (_nodePool.Resting + _entryPool.Resting >= ReuseBatch)
        {
            Reuse(recycle);
        }
    }

    /// <summary>Makes what rests available at once.</summary>
    public void Reuse(Action<uint>? recycle = null)
    {
        // The count is raised before any slot changes its meaning, and readers look at it last.
        Volatile.Write(ref _reuseCount, _reuseCount + 1);
        Interlocked.MemoryBarrier();
        _nodePool.Release();
        _entryPool.Release(recycle);
    }

    private uint AddEntry(uint node, bool multiLevel, uint tag, T value)
    {
        var index = _entryPool.Take();
        _entries.Reserve(index);
        if (index > _highestEntry)
        {
            Volatile.Write(ref _highestEntry, index);
        }

        ref var end = ref _nodes[node];
        ref var entry = ref _entries[index];
        entry.Tag = tag;
        entry.Value = value;
        entry.Link = TrieEntry<T>.LinkTo(end.Head, multiLevel);
        Volatile.Write(ref end.Head, index);
        Volatile.Write(ref end.State, end.State | TrieEntry<T>.FlagOf(entry.Link));
        return index;
    }

    private uint GetOrAddNode(ReadOnlySpan<byte> filter, out bool multiLevel)
    {
        multiLevel = false;
        var node = Root;
        for (var levels = new TopicLevels(filter); levels.MoveNext();)
        {
            multiLevel = IsMultiLevelWildcard(levels);
            if (multiLevel)
            {
                break;
            }

            var hash = HashOf(levels.Current);
            var child = _edges.Find(_nodes, node, hash);
            node = child != 0 ? child : AddNode(node, hash);
        }

        return node;
    }

    private uint AddNode(uint parent, uint hash)
    {
        var index = _nodePool.Take();
        _nodes.Reserve(index);
        _nodes[index] = new TrieNode { Parent = parent, LevelHash = hash };
        if (!_edges.CanAdd(index))
        {
            Volatile.Write(ref _edges, _edges.Grow(_nodes, index));
        }

        _edges.Add(parent, hash, index);

        ref var state = ref _nodes[parent].State;
        Volatile.Write(ref state, (state + 1) | (hash == LevelHash.SingleLevelWildcard ? TrieNode.HasSingleLevelChild : 0));
        return index;
    }

    private void Unlink(uint node, uint entry)
    {
        ref var end = ref _nodes[node];
        uint flags = 0;
        ref var previous = ref end.Head;
        for (var index = end.Head; index != 0; index = TrieEntry<T>.Next(_entries[index].Link))
        {
            ref var link = ref _entries[index].Link;
            if (index == entry)
            {
                Volatile.Write(ref previous, TrieEntry<T>.Relink(previous, TrieEntry<T>.Next(link)));
                continue;
            }

            flags |= TrieEntry<T>.FlagOf(link);
            previous = ref link;
        }

        const uint entryFlags = TrieNode.HasMultiLevelEntry | TrieNode.HasExactEntry;
        Volatile.Write(ref end.State, (end.State & ~entryFlags) | flags);
    }

    private void RemoveUnused(uint node)
    {
        while (node != Root && _nodes[node].IsUnused)
        {
            ref var unused = ref _nodes[node];
            _edges.Remove(unused.Parent, unused.LevelHash, node);
            ref var state = ref _nodes[unused.Parent].State;
            var plus = unused.LevelHash == LevelHash.SingleLevelWildcard ? TrieNode.HasSingleLevelChild : 0;
            Volatile.Write(ref state, (state - 1) & ~plus);
            _nodePool.Return(node);
            node = unused.Parent;
        }
    }
}
