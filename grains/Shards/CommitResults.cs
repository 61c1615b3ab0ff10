using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Shards;

/// <summary>What callers of a shard are told of a commit.</summary>
internal static class CommitResults
{
    public static SessionResult ToSessionResult(this JournalResult result) => result switch
    {
        JournalResult.Ok => SessionResult.Ok,
        JournalResult.Full => SessionResult.Full,
        _ => SessionResult.Busy,
    };

    /// <summary>
    /// Turns Full into Busy for a call that takes no space, or is stored already: this activation was the one that found the disk full, and the
    /// next one will commit the same call by a snapshot, or find it done.
    /// </summary>
    public static SessionResult BusyIfFull(this SessionResult result) => result == SessionResult.Full ? SessionResult.Busy : result;
}
