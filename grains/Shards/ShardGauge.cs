namespace GrainMQ.Grains.Shards;

/// <summary>The amounts of one shard as of its last call; its activation writes them, the meter reads them.</summary>
internal sealed class ShardGauge
{
    public long Sessions { get; set; }

    public long Messages { get; set; }

    public long Bytes { get; set; }

    public long DueWills { get; set; }
}
