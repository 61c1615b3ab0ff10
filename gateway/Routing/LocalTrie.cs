namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Topic filter → one value per distinct filter: the sessions of this gateway that a PUBLISH is for. Exact: levels are found by hash,
/// the filter of every candidate is compared with the topic. Any number of readers without a lock; writers wait for each other.
/// A filter that is present throughout a <see cref="Match"/> is never missed, whatever is added and removed beside it.
/// </summary>
/// <remarks>Filters are valid MQTT topic filters without <c>$share</c> prefix; topics are valid topic names. Neither is checked here.</remarks>
public sealed partial class LocalTrie<TValue> where TValue : class
{
    /// <summary>A match that meets slot reuse this often asks the writer to wait.</summary>
    private const int OptimisticAttempts = 3;

    private readonly Lock _writing = new();
    private readonly uint _hashMask;
    private Table _table;
    private int _count;

    public LocalTrie() : this(uint.MaxValue)
    {
    }

    internal LocalTrie(uint hashMask)
    {
        _hashMask = hashMask;
        _table = new Table(new LevelTrie<TValue?>(hashMask), new FilterArena());
    }

    /// <summary>The number of distinct filters.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes of the arrays, filters included, values not.</summary>
    public long SizeInBytes => _table.Trie.SizeInBytes + _table.Texts.SizeInBytes;

    /// <summary>Appends the values of all filters that <paramref name="topic"/> matches to <paramref name="matches"/>, in no order.</summary>
    public void Match(ReadOnlySpan<byte> topic, ref MatchList<TValue> matches)
    {
        for (var attempt = 0; attempt < OptimisticAttempts; attempt++)
        {
            if (TryMatch(topic, ref matches))
            {
                return;
            }
        }

        lock (_writing)
        {
            TryMatch(topic, ref matches);
        }
    }

    private bool TryMatch(ReadOnlySpan<byte> topic, ref MatchList<TValue> matches)
    {
        var start = matches.Count;
        var table = Volatile.Read(ref _table);
        var collector = new Collector(table, topic, ref matches);
        if (table.Trie.TryMatch(topic, ref matches.Frontier, ref collector) && table == Volatile.Read(ref _table))
        {
            return true;
        }

        matches.Truncate(start);
        return false;
    }

    private sealed class Table(LevelTrie<TValue?> trie, FilterArena texts)
    {
        public LevelTrie<TValue?> Trie { get; } = trie;

        public FilterArena Texts { get; } = texts;
    }

    private readonly ref struct Collector(Table table, ReadOnlySpan<byte> topic, ref MatchList<TValue> matches) : ITrieVisitor
    {
        private readonly ReadOnlySpan<byte> _topic = topic;
        private readonly ref MatchList<TValue> _matches = ref matches;

        public void Visit(uint head, uint flags)
        {
            for (var index = head; index != 0;)
            {
                ref var entry = ref table.Trie[index];
                var link = Volatile.Read(ref entry.Link);
                index = TrieEntry<TValue?>.Next(link);
                if ((TrieEntry<TValue?>.FlagOf(link) & flags) == 0)
                {
                    continue;
                }

                if (!TopicFilterMatch.Matches(table.Texts[entry.Tag], _topic))
                {
                    continue;
                }

                if (Volatile.Read(ref entry.Value) is { } value)
                {
                    _matches.Add(value);
                }
            }
        }
    }
}
