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
internal sealed partial class LevelTrie<T>
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
}
