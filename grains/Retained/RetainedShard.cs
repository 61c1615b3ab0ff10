using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Retained;

/// <summary>One shard: its tree and the last answer to each producer. A deterministic function of its changes.</summary>
internal sealed class RetainedShard(GrainOptions options) : IShardState<RetainSnapshot, RetainChange>
{
    /// <summary>Gateway ids are few and return after a restart; the bound is for a fleet that draws a new id for every pod.</summary>
    private const int MaxProducers = 4_096;

    private readonly Dictionary<string, LastBatch> _last = [];

    public RetainedTree Tree { get; } = new(options.RetainedMaxMessages, options.RetainedMaxBytes);

    /// <summary>Cost of the changes that were replayed.</summary>
    public long Replayed { get; private set; }

    public void Restore(RetainSnapshot snapshot)
    {
        foreach (var (tenant, entry) in snapshot.Messages)
        {
            Tree.Set(tenant, entry);
        }

        foreach (var last in snapshot.Producers)
        {
            _last[last.Producer.Id] = last;
        }
    }

    public void Apply(RetainChange change)
    {
        Set(change);
        Replayed += change.Cost;
    }

    /// <summary>The answer to a batch that is not taken (again): it is no newer than the last one of its producer.</summary>
    public RetainReply? Answered(RetainBatch batch)
    {
        if (!_last.TryGetValue(batch.Producer.Id, out var last) || last.Producer.Incarnation < batch.Producer.Incarnation)
        {
            return null;
        }

        if (last.Producer.Incarnation > batch.Producer.Incarnation)
        {
            return new RetainReply(SessionResult.Fenced, []);
        }

        if (batch.Sequence > last.Sequence)
        {
            return null;
        }

        return batch.Sequence == last.Sequence ? last.Reply : new RetainReply(SessionResult.Ok, []);
    }

    public RetainReply Set(RetainChange change)
    {
        Tree.Expire(change.At);
        var (batch, refused) = (change.Batch, new List<int>());
        for (var at = 0; at < batch.Entries.Length; at++)
        {
            if (!Tree.Set(batch.Tenant, batch.Entries[at]))
            {
                refused.Add(at);
            }
        }

        var reply = new RetainReply(SessionResult.Ok, [.. refused]);
        if (_last.Count >= MaxProducers && !_last.ContainsKey(batch.Producer.Id))
        {
            _last.Remove(_last.Keys.First());
        }

        _last[batch.Producer.Id] = new LastBatch(batch.Producer, batch.Sequence, reply);
        return reply;
    }

    public RetainSnapshot Snapshot() => new([.. Tree.All()], [.. _last.Values]);
}

/// <summary>One committed batch.</summary>
/// <param name="At">Unix milliseconds; messages that had expired by then are gone first.</param>
/// <param name="Batch">What the gateway sent.</param>
internal sealed record RetainChange(long At, RetainBatch Batch)
{
    /// <summary>Roughly the memory that the change holds in the journal.</summary>
    public long Cost { get; } = 64 + Batch.Entries.Sum(RetainedTree.Cost);
}

/// <summary>A whole shard, as the journal keeps it in place of the changes that led to it.</summary>
internal sealed record RetainSnapshot(IReadOnlyList<(string Tenant, RetainEntry Entry)> Messages, LastBatch[] Producers);

/// <summary>The last batch taken from a producer, and its answer.</summary>
internal sealed record LastBatch(GatewayRef Producer, long Sequence, RetainReply Reply);
