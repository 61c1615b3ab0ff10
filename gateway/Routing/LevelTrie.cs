using System.Runtime.CompilerServices;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Topic levels as a trie in flat arrays, without an object per node: what <see cref="LocalTrie{TValue}"/> and <see cref="RouteTable"/>
/// are built on. It knows levels by a 32-bit keyed hash only, hence finds a superset of the matching entries; the owner checks the rest.
/// </summary>
/// <remarks>
/// One writer (the owner's lock), readers without a lock. Nodes and entries never move; what a reader can reach is written before the
/// word that makes it reachable. Removed nodes and entries rest and keep their links, so that a reader that stands on one walks on.
/// They are used again in batches, and each batch raises <see cref="ReuseCount"/> first: a reader that finds the count unchanged
/// after it finished has seen no slot change its meaning; otherwise it starts over.
/// </remarks>
internal sealed class LevelTrie<T>
{
    private const uint Root = 0;
    private const int FirstShift = 4;
    private const int LastShift = 15; // 512 KB

    private readonly SegmentedArray<TrieNode> _nodes = new(FirstShift, LastShift);
    private readonly SegmentedArray<TrieEntry<T>> _entries = new(FirstShift, LastShift);
    private readonly SlotPool _nodePool = new();
    private readonly SlotPool _entryPool = new();
    private readonly uint _hashMask;
    private EdgeTable _edges = new(bits: FirstShift);
    private uint _highestEntry;
    private long _reuseCount;

    /// <param name="hashMask">Cuts level hashes down, so that a test can make them collide.</param>
    public LevelTrie(uint hashMask = uint.MaxValue)
    {
        _hashMask = hashMask;
        _nodes.Reserve(Root);
    }

    public long ReuseCount => Volatile.Read(ref _reuseCount);

    /// <summary>Indexes of entries are 1 to this; not all of them are in use.</summary>
    public uint HighestEntry => Volatile.Read(ref _highestEntry);

    public long SizeInBytes =>
        _nodes.Capacity * Unsafe.SizeOf<TrieNode>() + _entries.Capacity * Unsafe.SizeOf<TrieEntry<T>>() + _edges.SizeInBytes;

    public ref TrieEntry<T> this[uint entry] => ref _entries[entry];

    /// <summary>The first entry of the chain that <paramref name="filter"/> ends in, or 0: not all of the chain is of this filter.</summary>
    public uint FindChain(ReadOnlySpan<byte> filter) => FindNode(filter) is { } node ? Volatile.Read(ref _nodes[node].Head) : 0;

    /// <summary>The flag of the entries that are of this filter, within the chain.</summary>
    public static uint FlagOf(ReadOnlySpan<byte> filter) =>
        filter is [(byte)'#'] or [.., (byte)'/', (byte)'#'] ? TrieNode.HasMultiLevelEntry : TrieNode.HasExactEntry;

    private uint? FindNode(ReadOnlySpan<byte> filter)
    {
        var edges = Volatile.Read(ref _edges);
        var node = Root;
        for (var levels = new TopicLevels(filter); levels.MoveNext();)
        {
            if (IsMultiLevelWildcard(levels))
            {
                break;
            }

            node = edges.Find(_nodes, node, HashOf(levels.Current));
            if (node == 0)
            {
                return null;
            }
        }

        return node;
    }

    private uint HashOf(ReadOnlySpan<byte> level) =>
        level is [(byte)'+'] ? LevelHash.SingleLevelWildcard : LevelHash.Of(level, _hashMask);

    private static bool IsMultiLevelWildcard(in TopicLevels levels) => levels.IsLast && levels.Current is [(byte)'#'];

    /// <summary>
    /// Shows the visitor every chain that <paramref name="topic"/> may match. Level by level over the nodes that are still alive, with no
    /// recursion: the cost is in proportion to the nodes that exist on matching paths, never to the paths that could exist.
    /// False when slots were used again meanwhile: what the visitor saw may be wrong or incomplete.
    /// </summary>
    public bool TryMatch<TVisitor>(ReadOnlySpan<byte> topic, ref Frontier frontier, ref TVisitor visitor)
        where TVisitor : struct, ITrieVisitor, allows ref struct
    {
        var reuse = ReuseCount;
        Match(topic, ref frontier, ref visitor);
        Volatile.ReadBarrier();
        return ReuseCount == reuse;
    }

    private void Match<TVisitor>(ReadOnlySpan<byte> topic, ref Frontier frontier, ref TVisitor visitor)
        where TVisitor : struct, ITrieVisitor, allows ref struct
    {
        var edges = Volatile.Read(ref _edges);
        var rootState = Volatile.Read(ref _nodes[Root].State);
        if (topic is [(byte)'$', ..])
        {
            rootState &= ~(TrieNode.HasMultiLevelEntry | TrieNode.HasSingleLevelChild); // [MQTT-4.7.2-1]
        }

        Show(Root, rootState & TrieNode.HasMultiLevelEntry, ref visitor);
        frontier.Start(Root, rootState);
        for (var levels = new TopicLevels(topic); !frontier.IsEmpty && levels.MoveNext(); frontier.Advance())
        {
            var hash = LevelHash.Of(levels.Current, _hashMask);
            foreach (var (node, state) in frontier.Current)
            {
                if ((state & TrieNode.HasSingleLevelChild) != 0)
                {
                    Step(edges.Find(_nodes, node, LevelHash.SingleLevelWildcard), levels.IsLast, ref frontier, ref visitor);
                }

                if (TrieNode.HasLiteralChildren(state))
                {
                    Step(edges.Find(_nodes, node, hash), levels.IsLast, ref frontier, ref visitor);
                }
            }
        }
    }

    private void Step<TVisitor>(uint node, bool isLast, ref Frontier frontier, ref TVisitor visitor)
        where TVisitor : struct, ITrieVisitor, allows ref struct
    {
        if (node == 0)
        {
            return;
        }

        var state = Volatile.Read(ref _nodes[node].State);
        Show(node, state & (isLast ? TrieNode.HasMultiLevelEntry | TrieNode.HasExactEntry : TrieNode.HasMultiLevelEntry), ref visitor);
        if (!isLast && TrieNode.HasChildren(state))
        {
            frontier.Add(node, state);
        }
    }

    private void Show<TVisitor>(uint node, uint flags, ref TVisitor visitor)
        where TVisitor : struct, ITrieVisitor, allows ref struct
    {
        if (flags != 0)
        {
            visitor.Visit(Volatile.Read(ref _nodes[node].Head), flags);
        }
    }

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
