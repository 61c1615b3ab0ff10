using System.Runtime.CompilerServices;
using System.Text;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Topic filter → one value per distinct filter: the sessions of this gateway that a PUBLISH is for. Exact: levels are found by hash,
/// the filter of every candidate is compared with the topic. Any number of readers without a lock; writers wait for each other.
/// A filter that is present throughout a <see cref="Match"/> is never missed, whatever is added and removed beside it.
/// </summary>
/// <remarks>Filters are valid MQTT topic filters without <c>$share</c> prefix; topics are valid topic names. Neither is checked here.</remarks>
public sealed class LocalTrie<TValue> where TValue : class
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
    /// <remarks>Compiled on its own: inlined into its caller, it would leave the compiler no room to inline what is called for each level.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
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

    /// <summary>A trie with room for fewer entries than this is not rebuilt.</summary>
    private const uint RebuildEntries = 1 << 14;

    /// <summary>The value of exactly this filter, or null.</summary>
    public TValue? Find(string filter)
    {
        using var utf8 = new Utf8Filter(filter, stackalloc byte[Utf8Filter.StackBytes]);
        for (var attempt = 0; attempt < OptimisticAttempts; attempt++)
        {
            var table = Volatile.Read(ref _table);
            var reuse = table.Trie.ReuseCount;
            var entry = FindEntry(table, utf8.Bytes);
            var value = entry == 0 ? null : Volatile.Read(ref table.Trie[entry].Value);
            Volatile.ReadBarrier();
            if (table.Trie.ReuseCount == reuse && table == Volatile.Read(ref _table))
            {
                return value;
            }
        }

        lock (_writing)
        {
            var entry = FindEntry(_table, utf8.Bytes);
            return entry == 0 ? null : _table.Trie[entry].Value;
        }
    }

    /// <summary>
    /// Replaces the value of a filter in one step: readers see the old one or the new one. <paramref name="change"/> gets the current value,
    /// null when the filter is not there, and returns the next one, null to remove the filter; it runs under the writer's lock,
    /// once, and must not throw. Returns what it returned.
    /// </summary>
    public TValue? Update<TState>(string filter, TState state, FilterChange<TValue, TState> change)
    {
        using var utf8 = new Utf8Filter(filter, stackalloc byte[Utf8Filter.StackBytes]);
        lock (_writing)
        {
            var trie = _table.Trie;
            var entry = FindEntry(_table, utf8.Bytes);
            if (entry == 0)
            {
                return Add(utf8.Bytes, state, change);
            }

            var current = trie[entry].Value;
            var next = change(current, new FilterText(trie[entry].Tag), state);
            if (next == current)
            {
                return next;
            }

            if (next is null)
            {
                trie.Remove(utf8.Bytes, entry);
            }

            Volatile.Write(ref trie[entry].Value, next);
            if (next is null)
            {
                _count--;
                Reclaim();
            }

            return next;
        }
    }

    /// <summary>The filter that a value was given the place of.</summary>
    public string TextOf(FilterText text) => Encoding.UTF8.GetString(Volatile.Read(ref _table).Texts[text.Record]);

    private TValue? Add<TState>(ReadOnlySpan<byte> filter, TState state, FilterChange<TValue, TState> change)
    {
        var text = _table.Texts.Add(filter);
        var value = change(null, new FilterText(text), state);
        if (value is null)
        {
            _table.Texts.Remove(text);
            return null;
        }

        _table.Trie.Add(filter, value, out _, text);
        _count++;
        return value;
    }

    private static uint FindEntry(Table table, ReadOnlySpan<byte> filter)
    {
        for (var index = table.Trie.FindChain(filter); index != 0;)
        {
            ref var entry = ref table.Trie[index];
            if (table.Texts[entry.Tag].SequenceEqual(filter))
            {
                return index;
            }

            index = TrieEntry<TValue?>.Next(Volatile.Read(ref entry.Link));
        }

        return 0;
    }

    /// <summary>
    /// Lets slots be used again; and when three quarters are unused gives memory back: a new trie takes over, readers of the old one
    /// start over. What is left is at most a quarter of the peak, so that the removals before have paid for the copy. Texts stay where
    /// they are, because values know their places.
    /// </summary>
    private void Reclaim()
    {
        var (trie, texts) = (_table.Trie, _table.Texts);
        trie.ReuseIfDue(entry => texts.Remove(trie[entry].Tag));
        if (trie.HighestEntry < RebuildEntries || _count > trie.HighestEntry / 4)
        {
            return;
        }

        trie.Reuse(entry => texts.Remove(trie[entry].Tag));
        var rebuilt = new LevelTrie<TValue?>(_hashMask);
        for (uint entry = 1; entry <= trie.HighestEntry; entry++)
        {
            if (trie[entry].Value is { } value)
            {
                rebuilt.Add(texts[trie[entry].Tag], value, out _, trie[entry].Tag);
            }
        }

        Volatile.Write(ref _table, new Table(rebuilt, texts));
    }
}
