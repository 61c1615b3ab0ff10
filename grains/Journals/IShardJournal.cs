using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Journals;

/// <summary>Where the shards of one kind keep what must outlive an activation.</summary>
/// <typeparam name="TSnapshot">A whole shard.</typeparam>
/// <typeparam name="TChange">One change of it.</typeparam>
internal interface IJournalStore<TSnapshot, TChange>
    where TSnapshot : class
    where TChange : class
{
    /// <summary>
    /// Takes a new epoch, which fences every earlier writer, and plays what they committed to the state: a snapshot, if there ever was one,
    /// and the changes since. A shard has one writer even while a cluster believes in two activations.
    /// </summary>
    /// <param name="shard">Number of the shard.</param>
    /// <param name="leastEpoch">The new epoch is at least this (a clock), and above every epoch before.</param>
    /// <param name="state">New and empty.</param>
    ValueTask<JournalOpening<TSnapshot, TChange>> OpenAsync(int shard, long leastEpoch, IShardState<TSnapshot, TChange> state);
}

/// <summary>The state that a journal is played to.</summary>
internal interface IShardState<TSnapshot, TChange>
{
    /// <summary>Called first, once, if at all.</summary>
    void Restore(TSnapshot snapshot);

    /// <summary>Called for each change in order.</summary>
    void Apply(TChange change);
}

/// <summary>
/// The journal of one shard under one epoch: the changes in order, and now and then a snapshot that replaces those before it.
/// </summary>
internal interface IShardJournal<TSnapshot, TChange>
{
    /// <summary>Of the activation that opened the shard.</summary>
    long Epoch { get; }

    /// <summary>
    /// Commits one change, after all that were handed in before. Its place in the order is taken, and the change may be forgotten, when
    /// the call returns; it is stored for good when the task completes.
    /// </summary>
    ValueTask<JournalReply> AppendAsync(TChange change);

    /// <summary>Where the journal stands: take it together with a snapshot, before anything else is appended.</summary>
    JournalMark Mark();

    /// <summary>Replaces everything up to the mark by a snapshot of it.</summary>
    /// <param name="snapshot">The state at the mark.</param>
    /// <param name="mark">Taken together with the snapshot.</param>
    /// <param name="stopping">Gives the snapshot up: Abandoned.</param>
    ValueTask<JournalResult> ReplaceAsync(TSnapshot snapshot, JournalMark mark, CancellationToken stopping = default);

    /// <summary>What is left of the changes before the last snapshot: only messages of queues keep it on the disk. In order.</summary>
    IReadOnlyList<LogSegmentInfo> Kept { get; }

    /// <summary>Whether the epoch may still write; asked before an answer that reads only.</summary>
    ValueTask<bool> IsCurrentAsync();

    /// <summary>The last append, or question for space, found none.</summary>
    bool IsFull { get; }

    /// <summary>False: an append would be refused as Full. Asked before a state is changed by something that takes space.</summary>
    ValueTask<bool> HasSpaceAsync();

    /// <summary>Reads messages that stand in the journal itself.</summary>
    /// <param name="offsets">Where they stand, as <see cref="JournalReply"/> said.</param>
    /// <param name="messages">Filled in the same order; null stays where the bytes are not those that were written, or are gone.</param>
    /// <returns>Ok, or Failed: the disk cannot be read.</returns>
    ValueTask<JournalResult> ReadAsync(IReadOnlyList<long> offsets, byte[]?[] messages);

    /// <summary>Bytes that a snapshot of such a state keeps, in memory or on the disk, until the next one.</summary>
    /// <param name="state">Bytes of a snapshot, without the messages.</param>
    /// <param name="messages">Bytes of the messages.</param>
    long HeldBy(long state, long messages);

    /// <summary>How many bytes of changes (as their <c>Cost</c> says), and of what the last snapshot has and the state has not any more, make a snapshot worth its price.</summary>
    /// <param name="state">Bytes of a snapshot, without the messages.</param>
    /// <param name="messages">Bytes of the messages.</param>
    long SnapshotAfter(long state, long messages);
}

/// <summary>How a call of a journal ended.</summary>
internal enum JournalResult
{
    Ok,

    /// <summary>A newer epoch has opened the shard; nothing was written.</summary>
    Fenced,

    /// <summary>No space; nothing was written.</summary>
    Full,

    /// <summary>A snapshot was given up; the journal is as it was.</summary>
    Abandoned,

    /// <summary>The disk refused, and it is not known what it has. Open the shard again.</summary>
    Failed,
}

/// <summary>Answer to an append.</summary>
/// <param name="Result">How it went.</param>
/// <param name="FirstMessage">
/// With Ok: where the first of the change's messages stands, the others at the offsets after it; negative: the journal keeps objects.
/// </param>
internal readonly record struct JournalReply(JournalResult Result, long FirstMessage = -1);

/// <summary>A place in a journal.</summary>
/// <param name="Offset">Everything below is stored for good.</param>
/// <param name="Version">Changes handed in so far.</param>
/// <param name="At">When the last of them was made, in Unix milliseconds.</param>
internal readonly record struct JournalMark(long Offset, long Version, long At);

/// <summary>Answer to an opening.</summary>
/// <param name="Result">Ok, Full or Failed.</param>
/// <param name="Journal">Null unless Ok.</param>
/// <param name="Fault">Why not.</param>
/// <param name="IsNews">False: the attempt before failed too, a moment ago.</param>
/// <param name="At">When the last change was made, in Unix milliseconds; 0 if the journal does not say.</param>
internal sealed record JournalOpening<TSnapshot, TChange>(
    JournalResult Result, IShardJournal<TSnapshot, TChange>? Journal, string? Fault = null, bool IsNews = true, long At = 0);
