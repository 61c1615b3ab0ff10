using System.Collections.Concurrent;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Journals;

/// <summary>
/// Mode <c>memory</c>: the journal lives as long as the process and outlives every activation in it. A shard is a stack of immutable
/// entries whose top is exchanged atomically; the top carries the epoch, so that a refused writer and its successor need no lock.
/// </summary>
internal sealed class MemoryJournalStore<TSnapshot, TChange> : IJournalStore<TSnapshot, TChange>
    where TSnapshot : class
    where TChange : class
{
    private readonly ConcurrentDictionary<int, Shard> _shards = new();

    public ValueTask<JournalOpening<TSnapshot, TChange>> OpenAsync(int shard, long leastEpoch, IShardState<TSnapshot, TChange> state)
    {
        var target = _shards.GetOrAdd(shard, _ => new Shard());
        while (true)
        {
            var top = Volatile.Read(ref target.Top);
            var mine = new Entry(Math.Max(top.Epoch + 1, leastEpoch), null, null, top.IsMark ? top.Below : top);
            if (!Push(target, top, mine))
            {
                continue;
            }

            Play(mine, state);
            return new(new JournalOpening<TSnapshot, TChange>(JournalResult.Ok, new Journal(target, mine.Epoch)));
        }
    }

    private static void Play(Entry top, IShardState<TSnapshot, TChange> state)
    {
        var changes = new Stack<TChange>();
        var entry = top;
        for (; entry is { Snapshot: null }; entry = entry.Below)
        {
            if (entry.Change is not null)
            {
                changes.Push(entry.Change);
            }
        }

        if (entry?.Snapshot is { } snapshot)
        {
            state.Restore(snapshot);
        }

        foreach (var change in changes)
        {
            state.Apply(change);
        }
    }

    /// <summary>An epoch has one writer, so a changed top means that a newer epoch has opened the shard.</summary>
    private static bool Push(Shard target, Entry top, Entry entry) => Interlocked.CompareExchange(ref target.Top, entry, top) == top;

    /// <summary>Nothing waits here: every call is over when it returns, so that no change comes between a mark and its snapshot.</summary>
    private sealed class Journal(Shard shard, long epoch) : IShardJournal<TSnapshot, TChange>
    {
        /// <summary>Changes are objects, which cost memory: 4 MB of them beside the state.</summary>
        private const long SnapshotFrom = 4 << 20;

        public long Epoch => epoch;

        public bool IsFull => false;

        public IReadOnlyList<LogSegmentInfo> Kept => [];

        public ValueTask<JournalReply> AppendAsync(TChange change) => new(new JournalReply(Push(top => new Entry(epoch, null, change, top))));

        public JournalMark Mark() => default;

        public ValueTask<JournalResult> ReplaceAsync(TSnapshot snapshot, JournalMark mark, CancellationToken stopping) =>
            new(Push(_ => new Entry(epoch, snapshot, null, null)));

        public ValueTask<bool> IsCurrentAsync() => new(Volatile.Read(ref shard.Top).Epoch == epoch);

        public ValueTask<bool> HasSpaceAsync() => new(true);

        public ValueTask<JournalResult> ReadAsync(IReadOnlyList<long> offsets, byte[]?[] messages) => new(JournalResult.Ok);

        public long HeldBy(long state, long messages) => state + messages;

        public long SnapshotAfter(long state, long messages) => SnapshotFrom + ((state + messages) / 2);

        private JournalResult Push(Func<Entry, Entry> entry)
        {
            var top = Volatile.Read(ref shard.Top);
            return top.Epoch == epoch && MemoryJournalStore<TSnapshot, TChange>.Push(shard, top, entry(top))
                ? JournalResult.Ok : JournalResult.Fenced;
        }
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
