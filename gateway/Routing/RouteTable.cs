namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The replica of what the other gateways and the durable sessions want: filter → gateways, Shared Subscriptions, durable interest. Rows
/// belong to one incarnation of their owner and die with it. Levels are known by hash alone, so that a row takes no text: a collision costs a
/// needless forward, because the destination matches again with strings. Readers take no lock; writers wait for each other.
/// </summary>
/// <remarks>
/// Two filters that collide are two entries of one chain, and each delta adds or removes one entry: what is left after a removal is still
/// right. Shared Subscriptions are compared by name and filter, because choosing one gateway for two groups would lose messages.
/// </remarks>
public sealed partial class RouteTable
{
    private const int OptimisticAttempts = 3;

    private readonly Lock _writing = new();
    private readonly LevelTrie<RouteRow> _trie;
    private readonly SegmentedArray<RouteGroup?> _groups = new(firstShift: 4, lastShift: 12);
    private RouteOwner?[] _owners = [];
    private long _version;

    public RouteTable() : this(uint.MaxValue)
    {
    }

    internal RouteTable(uint hashMask) => _trie = new LevelTrie<RouteRow>(hashMask);

    /// <summary>Raised after each change, once it is visible.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Bytes of the flat arrays.</summary>
    public long SizeInBytes => _trie.SizeInBytes;

    /// <summary>The gateway or store shard behind a slot; null when it has gone since.</summary>
    public RouteOwner? OwnerOf(int slot)
    {
        var owners = Volatile.Read(ref _owners);
        return slot < owners.Length ? owners[slot] : null;
    }

    /// <summary>Replaces the content of <paramref name="match"/> by the destinations of <paramref name="topic"/>.</summary>
    public RouteAnswer Match(ReadOnlySpan<byte> topic, ref RouteMatch match)
    {
        for (var attempt = 0; attempt < OptimisticAttempts; attempt++)
        {
            if (TryMatch(topic, ref match))
            {
                return RouteAnswer.Complete;
            }
        }

        lock (_writing)
        {
            TryMatch(topic, ref match);
        }

        return RouteAnswer.Complete;
    }

    private bool TryMatch(ReadOnlySpan<byte> topic, ref RouteMatch match)
    {
        match.Clear();
        var collector = new Collector(this, topic, ref match);
        return _trie.TryMatch(topic, ref match.Frontier, ref collector);
    }

    private readonly ref struct Collector(RouteTable table, ReadOnlySpan<byte> topic, ref RouteMatch match) : ITrieVisitor
    {
        private readonly ReadOnlySpan<byte> _topic = topic;
        private readonly ref RouteMatch _match = ref match;

        public void Visit(uint head, uint flags)
        {
            for (var index = head; index != 0;)
            {
                ref var entry = ref table._trie[index];
                var link = Volatile.Read(ref entry.Link);
                if ((TrieEntry<RouteRow>.FlagOf(link) & flags) != 0)
                {
                    Add(entry.Value);
                }

                index = TrieEntry<RouteRow>.Next(link);
            }
        }

        private void Add(RouteRow row)
        {
            switch (row.Kind)
            {
                case RouteRowKind.Gateway:
                    _match.AddSlot((int)row.Index);
                    break;
                case RouteRowKind.DurableInterest:
                    _match.DurableInterest = true;
                    break;
                case RouteRowKind.Group when Volatile.Read(ref table._groups[row.Index]) is { } group:
                    if (TopicFilterMatch.Matches(group.FilterUtf8, _topic))
                    {
                        _match.AddGroup(group);
                    }

                    break;
            }
        }
    }
}
