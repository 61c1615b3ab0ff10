namespace GrainMQ.Grains.Contracts;

/// <summary>The answer to a <see cref="StorePoll"/>.</summary>
/// <param name="ShardEpoch">The shard's epoch. It changes when the shard is activated anew: re-attach every connected session.</param>
/// <param name="Version">The version that the deltas lead to.</param>
/// <param name="Snapshot">True if <paramref name="Deltas"/> is the whole table, false if they continue <see cref="StorePoll.AckedVersion"/>.</param>
/// <param name="Deltas">Changes of the detached sessions' subscriptions.</param>
/// <param name="Work">Wills that are due, leased to the caller.</param>
/// <param name="Behind">
/// Keys of the caller's connected sessions for which another gateway has queued something: read their queues to the end. A later poll names
/// them again while that has not been done. Null if there are none.
/// </param>
/// <param name="Now">The time of the shard, in Unix milliseconds; it never goes back, also across restarts.</param>
/// <param name="Ended">Queues of ended sessions, leased to the caller, whose messages are for other members of Shared Subscriptions. Null if there are none.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.StorePollReply")]
public sealed record StorePollReply(
    [property: Id(0)] long ShardEpoch,
    [property: Id(1)] long Version,
    [property: Id(2)] bool Snapshot,
    [property: Id(3)] InterestDelta[] Deltas,
    [property: Id(4)] DueWill[] Work,
    [property: Id(5)] string[]? Behind = null,
    [property: Id(6)] long Now = 0,
    [property: Id(7)] EndedQueue[]? Ended = null);
