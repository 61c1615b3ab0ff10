using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Shards;

/// <summary>
/// Remembers the last batch taken from each gateway and its reply, so that a batch that is sent twice, or comes late, is taken once. Numbers
/// may be missing: a gateway gives up on a batch (and then promises nothing) when the shard was away for long.
/// </summary>
/// <param name="fenced">The reply to a gateway that a newer incarnation has replaced.</param>
/// <param name="stale">The reply to a batch older than the last one.</param>
internal sealed class LastBatches<TReply>(TReply fenced, TReply stale)
    where TReply : class
{
    /// <summary>
    /// The most gateways that are remembered; then the first ones are forgotten. Gateway ids are few and return after a restart: the bound is
    /// for a fleet that draws a new id for every pod.
    /// </summary>
    private const int MaxProducers = 4_096;

    private readonly Dictionary<string, LastBatch<TReply>> _last = [];

    /// <summary>Returns null if the batch is to be taken, otherwise the reply that it gets without being taken.</summary>
    public TReply? Check(GatewayRef producer, long sequence)
    {
        if (!_last.TryGetValue(producer.Id, out var last) || last.Producer.Incarnation < producer.Incarnation)
        {
            return null;
        }

        if (last.Producer.Incarnation > producer.Incarnation)
        {
            return fenced;
        }

        if (sequence > last.Sequence)
        {
            return null;
        }

        return sequence == last.Sequence ? last.Reply : stale;
    }

    /// <summary>Remembers a batch that was taken.</summary>
    public void Remember(GatewayRef producer, long sequence, TReply reply)
    {
        if (_last.Count >= MaxProducers && !_last.ContainsKey(producer.Id))
        {
            _last.Remove(_last.Keys.First());
        }

        _last[producer.Id] = new LastBatch<TReply>(producer, sequence, reply);
    }

    public LastBatch<TReply>[] Snapshot() => [.. _last.Values];

    public void Restore(LastBatch<TReply>[] snapshot)
    {
        foreach (var last in snapshot)
        {
            _last[last.Producer.Id] = last;
        }
    }
}
