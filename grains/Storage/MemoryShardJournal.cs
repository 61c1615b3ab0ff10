using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace GrainMQ.Grains.Storage;

/// <summary>
/// Mode <c>memory</c>: the journal lives as long as the process and outlives every activation in it. A shard is a stack of immutable
/// entries whose top is exchanged atomically; the top carries the epoch, so that a refused writer and its successor need no lock.
/// </summary>
internal sealed class MemoryShardJournal<TSnapshot, TChange> : IShardJournal<TSnapshot, TChange>
    where TSnapshot : class
    where TChange : class
{
    private readonly ConcurrentDictionary<int, Shard> _shards = new();

    public ValueTask<ShardContents<TSnapshot, TChange>> OpenAsync(int shard, long leastEpoch)
    {
        var target = _shards.GetOrAdd(shard, _ => new Shard());
        while (true)
        {
            var top = Volatile.Read(ref target.Top);
            var mine = new Entry(Math.Max(top.Epoch + 1, leastEpoch), null, null, top.IsMark ? top.Below : top);
            if (Push(target, top, mine))
                return new(Read(mine));
        }
    }

    public ValueTask<bool> AppendAsync(int shard, long epoch, TChange change) =>
        new(TryTop(shard, epoch, out var target, out var top) && Push(target, top, new Entry(epoch, null, change, top)));

    public ValueTask<bool> ReplaceAsync(int shard, long epoch, TSnapshot snapshot) =>
        new(TryTop(shard, epoch, out var target, out var top) && Push(target, top, new Entry(epoch, snapshot, null, null)));

    public ValueTask<bool> IsCurrentAsync(int shard, long epoch) => new(TryTop(shard, epoch, out _, out _));

    private bool TryTop(int shard, long epoch, [NotNullWhen(true)] out Shard? target, [NotNullWhen(true)] out Entry? top)
    {
        top = _shards.TryGetValue(shard, out target) ? Volatile.Read(ref target.Top) : null;
        return top?.Epoch == epoch;
    }

    /// <summary>An epoch has one writer, so a changed top means that a newer epoch has opened the shard.</summary>
    private static bool Push(Shard target, Entry top, Entry entry) => Interlocked.CompareExchange(ref target.Top, entry, top) == top;

    private static ShardContents<TSnapshot, TChange> Read(Entry top)
    {
        var changes = new List<TChange>();
        var entry = top;
        for (; entry is { Snapshot: null }; entry = entry.Below)
            if (entry.Change is not null)
                changes.Add(entry.Change);
        changes.Reverse();
        return new(top.Epoch, entry?.Snapshot, changes);
    }

    private sealed class Shard
    {
        public Entry Top = new(0, null, null, null);
    }

    /// <summary>A change, a snapshot (which has nothing below), or neither: the mark of an opening.</summary>
    private sealed class Entry(long epoch, TSnapshot? snapshot, TChange? change, Entry? below)
    {
        public long Epoch => epoch;

        public TSnapshot? Snapshot => snapshot;

        public TChange? Change => change;

        public Entry? Below => below;

        public bool IsMark => snapshot is null && change is null;
    }
}
