using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Shards;

/// <summary>The log events that every kind of journaled shard has, each kind with event ids of its own.</summary>
internal interface IShardLog
{
    /// <param name="shard">The shard's number.</param>
    /// <param name="epoch">The epoch of the activation.</param>
    /// <param name="count">Sessions or messages of the shard.</param>
    void Opened(int shard, long epoch, int count);

    /// <summary>A newer activation owns the shard.</summary>
    void Fenced(int shard, long epoch);

    /// <summary>The journal cannot be opened.</summary>
    void NotOpened(int shard, string fault);

    /// <summary>The activation ends because the journal refused an append.</summary>
    void Ended(int shard, long epoch, JournalResult why);
}
