using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>Journals that want a snapshot after a few changes: a schedule is too short for what a real one waits for.</summary>
internal sealed class FrequentSnapshots<TSnapshot, TChange>(IJournalStore<TSnapshot, TChange> inner, long after) : IJournalStore<TSnapshot, TChange>
    where TSnapshot : class
    where TChange : class
{
    public async ValueTask<JournalOpening<TSnapshot, TChange>> OpenAsync(int shard, long leastEpoch, IShardState<TSnapshot, TChange> state)
    {
        var opening = await inner.OpenAsync(shard, leastEpoch, state);
        return opening.Journal is null ? opening : opening with { Journal = new Journal(opening.Journal, after) };
    }

    private sealed class Journal(IShardJournal<TSnapshot, TChange> journal, long after) : IShardJournal<TSnapshot, TChange>
    {
        public long Epoch => journal.Epoch;

        public bool IsFull => journal.IsFull;

        public IReadOnlyList<LogSegmentInfo> Kept => journal.Kept;

        public ValueTask<JournalReply> AppendAsync(TChange change) => journal.AppendAsync(change);

        public JournalMark Mark() => journal.Mark();

        public ValueTask<JournalResult> ReplaceAsync(TSnapshot snapshot, JournalMark mark, CancellationToken stopping) =>
            journal.ReplaceAsync(snapshot, mark, stopping);

        public ValueTask<bool> IsCurrentAsync() => journal.IsCurrentAsync();

        public ValueTask<bool> HasSpaceAsync() => journal.HasSpaceAsync();

        public ValueTask<JournalResult> ReadAsync(IReadOnlyList<long> offsets, byte[]?[] messages) => journal.ReadAsync(offsets, messages);

        public long HeldBy(long state, long messages) => 0;

        public long SnapshotAfter(long state, long messages) => after;
    }
}
