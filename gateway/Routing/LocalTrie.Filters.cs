namespace GrainMQ.Gateway.Routing;

public sealed partial class LocalTrie<TValue>
{
    /// <summary>Less freed text than this is not worth a rebuild.</summary>
    private const long RebuildFreeBytes = 1 << 20;

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
            if (table.Trie.ReuseCount == reuse) return value;
        }

        lock (_writing)
        {
            var entry = FindEntry(_table, utf8.Bytes);
            return entry == 0 ? null : _table.Trie[entry].Value;
        }
    }

    /// <summary>
    /// The value of this filter; when there is none, the one that <paramref name="create"/> makes. It is called at most once, under the
    /// writer's lock, and the filter becomes visible after it returned.
    /// </summary>
    public TValue GetOrAdd(string filter, Func<string, TValue> create)
    {
        using var utf8 = new Utf8Filter(filter, stackalloc byte[Utf8Filter.StackBytes]);
        lock (_writing)
        {
            var entry = FindEntry(_table, utf8.Bytes);
            if (entry != 0) return _table.Trie[entry].Value!; // removal sets null and unlinks under the same lock
            var value = create(filter);
            _table.Trie.Add(utf8.Bytes, value, out _, _table.Filters.Add(utf8.Bytes));
            Changed(+1);
            return value;
        }
    }

    /// <summary>Removes the filter; false when it was not there.</summary>
    public bool Remove(string filter) => Remove(filter, static _ => true);

    /// <summary>
    /// Removes the filter if <paramref name="when"/>, called under the writer's lock, agrees: for values that must not go while another
    /// thread that got them from <see cref="GetOrAdd"/> puts something into them.
    /// </summary>
    public bool Remove(string filter, Func<TValue, bool> when)
    {
        using var utf8 = new Utf8Filter(filter, stackalloc byte[Utf8Filter.StackBytes]);
        lock (_writing)
        {
            var (trie, filters) = _table;
            var entry = FindEntry(_table, utf8.Bytes);
            if (entry == 0 || !when(trie[entry].Value!)) return false; // as in GetOrAdd
            trie.Remove(utf8.Bytes, entry);
            Volatile.Write(ref trie[entry].Value, null);
            Changed(-1);
            trie.ReuseIfDue(index => filters.Remove(trie[index].Tag));
            RebuildIfSparse();
            return true;
        }
    }

    private static uint FindEntry(Table table, ReadOnlySpan<byte> filter)
    {
        for (var index = table.Trie.FindChain(filter); index != 0;)
        {
            ref var entry = ref table.Trie[index];
            if (table.Filters[entry.Tag].SequenceEqual(filter)) return index;
            index = TrieEntry<TValue?>.Next(Volatile.Read(ref entry.Link));
        }

        return 0;
    }

    /// <summary>
    /// Gives memory back when three quarters are unused: a new table takes over, readers finish on the old one. What is left is at most
    /// a quarter of the peak, so that the removals before have paid for the copy.
    /// </summary>
    private void RebuildIfSparse()
    {
        var (trie, filters) = _table;
        if (filters.Free < RebuildFreeBytes || filters.Free < filters.Used * 3) return;
        var rebuilt = NewTable();
        for (uint entry = 1; entry <= trie.HighestEntry; entry++)
        {
            if (trie[entry].Value is not { } value) continue;
            var filter = filters[trie[entry].Tag];
            rebuilt.Trie.Add(filter, value, out _, rebuilt.Filters.Add(filter));
        }

        Volatile.Write(ref _table, rebuilt);
    }

    private Table NewTable() => new(new LevelTrie<TValue?>(_hashMask), new FilterArena());

    private void Changed(int difference)
    {
        _count += difference;
        Interlocked.Increment(ref _version);
    }
}
