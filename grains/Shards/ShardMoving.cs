namespace GrainMQ.Grains.Shards;

/// <summary>The error of calls that cannot answer Busy while their shard moves to another activation.</summary>
internal static class ShardMoving
{
    public static InvalidOperationException Error() => new("The shard is moving to a newer activation; call again.");
}
