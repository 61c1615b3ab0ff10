namespace GrainMQ.Grains.Storage;

/// <summary>
/// Where the shards of one kind keep what must outlive an activation: the changes in order, and now and then a snapshot that replaces
/// those before it. Opening a shard takes a new epoch; whoever still writes under an older one is refused, so that a shard has one
/// writer even while a cluster believes in two activations.
/// </summary>
/// <typeparam name="TSnapshot">A whole shard.</typeparam>
/// <typeparam name="TChange">One change of it; deterministic when applied to the same state.</typeparam>
internal interface IShardJournal<TSnapshot, TChange>
    where TSnapshot : class
    where TChange : class
{
    /// <summary>Fences every earlier writer and reads what they committed.</summary>
    /// <param name="shard">Number of the shard.</param>
    /// <param name="leastEpoch">The new epoch is at least this (a clock), and above every epoch before.</param>
    ValueTask<ShardContents<TSnapshot, TChange>> OpenAsync(int shard, long leastEpoch);

    /// <summary>Commits one change. False: a newer epoch has opened the shard and nothing was written.</summary>
    ValueTask<bool> AppendAsync(int shard, long epoch, TChange change);

    /// <summary>Replaces everything committed so far by a snapshot of it. False as for <see cref="AppendAsync"/>.</summary>
    ValueTask<bool> ReplaceAsync(int shard, long epoch, TSnapshot snapshot);

    /// <summary>Whether the epoch may still write; asked before an answer that reads only.</summary>
    ValueTask<bool> IsCurrentAsync(int shard, long epoch);
}

/// <summary>What a shard held when it was opened: a snapshot, if there ever was one, and the changes since.</summary>
internal sealed record ShardContents<TSnapshot, TChange>(long Epoch, TSnapshot? Snapshot, IReadOnlyList<TChange> Changes);
