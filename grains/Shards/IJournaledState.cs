using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Shards;

/// <summary>
/// The state of a shard: a deterministic function of its changes, so that replaying the journal gives the same state. It reads no clock.
/// </summary>
internal interface IJournaledState<TSnapshot, TChange> : IShardState<TSnapshot, TChange>
    where TChange : IShardChange
{
    /// <summary>Sessions or messages of the shard, for the log.</summary>
    int Count { get; }

    /// <summary>The sum of <see cref="IShardChange.Cost"/> of the changes that were replayed since the last snapshot.</summary>
    long Replayed { get; }

    /// <summary>Roughly the bytes of a snapshot without the messages, and those of the messages that it refers to.</summary>
    (long State, long Messages) SnapshotCost { get; }

    /// <summary>Returns the state as it is now. Later changes do not change the snapshot.</summary>
    TSnapshot Snapshot();

    /// <summary>Does what time alone does.</summary>
    /// <param name="now">Unix milliseconds.</param>
    void FireDue(long now);

    /// <summary>Sets the amounts that the shard reports.</summary>
    void Measure(ShardGauge gauge);
}
