namespace GrainMQ.Grains.Shards;

/// <summary>One change of a shard, as its journal keeps it.</summary>
internal interface IShardChange
{
    /// <summary>Roughly the bytes of memory that the change holds in the journal.</summary>
    long Cost { get; }
}
