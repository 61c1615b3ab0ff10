namespace GrainMQ.Grains.Contracts;

/// <summary>
/// Which <see cref="IRetainGrain"/> holds a topic: by tenant and the first two topic levels, so that a filter whose first two levels
/// are literal asks one shard. A topic of one level is hashed by that level alone.
/// </summary>
public static class RetainShard
{
    /// <summary>Returns the number of the shard that holds a topic, from 0.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="topic">A topic name without wildcards.</param>
    /// <param name="shards">The cluster's number of retain shards (<see cref="ClusterView.RetainShards"/>).</param>
    public static int Of(string tenant, string topic, int shards)
    {
        var hash = new ShardHash();
        hash.Append(tenant);
        hash.Append(0); // U+0000 occurs in neither part, so that "a" + "b/c" and "a/b" + "c" stay apart
        hash.Append(FirstTwoLevels(topic));
        return hash.Shard(shards);
    }

    /// <summary>Returns the only shard that can hold matches of the filter; null if every shard has to be asked.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="filter">A valid Topic Filter.</param>
    /// <param name="shards">The cluster's number of retain shards.</param>
    public static int? For(string tenant, string filter, int shards)
    {
        var head = FirstTwoLevels(filter);
        if (head.ContainsAny('+', '#'))
        {
            return null;
        }
        // "a/b/#" matches "a/b" too, which has the same head. One literal level ("a") matches that topic alone.
        return Of(tenant, filter, shards);
    }

    private static ReadOnlySpan<char> FirstTwoLevels(ReadOnlySpan<char> topic)
    {
        var first = topic.IndexOf('/');
        if (first < 0)
        {
            return topic;
        }

        var second = topic[(first + 1)..].IndexOf('/');
        return second < 0 ? topic : topic[..(first + 1 + second)];
    }
}
