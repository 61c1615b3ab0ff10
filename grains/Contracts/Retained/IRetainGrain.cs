using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>One of the R shards of retained messages, key 0 … R−1; <see cref="RetainShard"/> says which shard holds a topic.</summary>
[Alias("GrainMQ.IRetainGrain")]
public interface IRetainGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Sets or clears retained messages in the order of the batch and commits them. The reply is the promise behind PUBACK and PUBREC.
    /// The call may be repeated.
    /// </summary>
    [Alias("Set")] Task<RetainReply> SetAsync(RetainBatch batch);

    /// <summary>
    /// Returns one page of the retained messages that match a filter, ordered by topic. A page may be empty and still have a
    /// <see cref="RetainPage.Next"/>. Throws while the shard is moving: ask again.
    /// </summary>
    [Alias("Query"), AlwaysInterleave] Task<RetainPage> QueryAsync(RetainQuery query);
}
