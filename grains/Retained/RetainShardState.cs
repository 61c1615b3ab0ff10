using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Retained;

/// <summary>The state of one retain shard: its tree and the last answer to each gateway. A deterministic function of its changes.</summary>
internal sealed class RetainShardState(GrainOptions options) : IJournaledState<RetainSnapshot, RetainChange>
{
    public RetainedTree Tree { get; } = new(options.RetainedMaxMessages, options.RetainedMaxBytes);

    /// <summary>The last batch of each gateway.</summary>
    public LastBatches<RetainReply> Producers { get; } = new(new RetainReply(SessionResult.Ok, []));

    public int Count => Tree.Count;

    public long Replayed { get; private set; }

    /// <summary>A snapshot has the messages and their topics, without the nodes of the tree. The journal keeps no messages beside it.</summary>
    public (long State, long Messages) SnapshotCost => (Tree.Bytes - (Tree.Count * RetainedTree.NodeBytes), 0);

    public void FireDue(long now) => Tree.Expire(now);

    public void Measure(ShardGauge gauge)
    {
        gauge.Messages = Tree.Count;
        gauge.Bytes = Tree.Bytes;
    }

    public void Restore(RetainSnapshot snapshot)
    {
        foreach (var (tenant, entry) in snapshot.Messages)
        {
            Tree.Set(tenant, entry);
        }

        Producers.Restore(snapshot.Producers);
    }

    public void Apply(RetainChange change)
    {
        Set(change);
        Replayed += change.Cost;
    }

    /// <summary>Takes a batch that <see cref="Producers"/> lets through.</summary>
    public RetainReply Set(RetainChange change)
    {
        FireDue(change.At);
        var (batch, refused) = (change.Batch, new List<int>());
        for (var at = 0; at < batch.Entries.Length; at++)
        {
            if (!Tree.Set(batch.Tenant, batch.Entries[at]))
            {
                refused.Add(at);
            }
        }

        var reply = new RetainReply(SessionResult.Ok, [.. refused]);
        Producers.Remember(batch.Producer, batch.Sequence, reply);
        return reply;
    }

    public RetainSnapshot Snapshot() => new([.. Tree.All()], Producers.Snapshot());
}
