using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>A whole store shard, as the journal keeps it in place of the changes that led to it.</summary>
internal sealed record SessionSnapshot(
    ulong LastEpoch,
    SessionRecordSnapshot[] Records,
    DueWillSnapshot[] Wills,
    LastBatch<QueueReply>[] Producers,
    LastBatch<ProgressReply>[] Reporters)
{
    private SnapshotPart[]? _parts;

    /// <summary>All of the sessions, in pieces of a bounded size.</summary>
    internal SnapshotPart[] Parts => _parts ??= [.. Records.SelectMany(SnapshotPart.Of)];
}
