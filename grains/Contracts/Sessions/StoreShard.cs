namespace GrainMQ.Grains.Contracts;

/// <summary>Which <see cref="ISessionStoreGrain"/> owns a session.</summary>
public static class StoreShard
{
    /// <summary>Returns the number of the shard, from 0.</summary>
    /// <param name="key">The session's key, <c>"{tenant}/{clientId}"</c>.</param>
    /// <param name="shards">The cluster's number of store shards (<see cref="ClusterView.StoreShards"/>).</param>
    public static int Of(string key, int shards)
    {
        var hash = new ShardHash();
        hash.Append(key);
        return hash.Shard(shards);
    }
}
