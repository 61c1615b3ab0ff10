using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>Takes in what store shards tell this gateway. Each shard has one poller, which makes one call at a time.</summary>
internal interface IStoreListener
{
    /// <summary>Orders what this gateway does and asks: rises with every call.</summary>
    long NextMoment();

    /// <summary>A shard started anew and has forgotten who is connected: it is told of the sessions that are connected here.</summary>
    Task ReattachAsync(int shard);

    /// <summary>Takes in one answer.</summary>
    /// <param name="shard">Which shard gave it.</param>
    /// <param name="reply">The answer.</param>
    /// <param name="asked">The moment before the question was asked.</param>
    /// <returns>The work of the answer that is done. The rest comes back when its lease has lapsed.</returns>
    Task<long[]> TakeAsync(int shard, StorePollReply reply, long asked);
}
