using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Shards;

/// <summary>
/// Remembers the last batch taken from each gateway and its reply, so that a batch that is sent twice, or comes late, is taken once. Numbers
/// may be missing: a gateway gives up on a batch (and then promises nothing) when the shard was away for long.
/// </summary>
/// <param name="stale">The reply to a batch older than the last one.</param>
internal sealed class LastBatches<TReply>(TReply stale)
    where TReply : class
{
    /// <summary>The most gateways that are remembered; then the oldest ones are forgotten. Every start of a gateway is one.</summary>
    private const int MaxProducers = 4_096;

    private readonly SortedDictionary<long, LastBatch<TReply>> _last = [];

    /// <summary>Returns null if the batch is to be taken, otherwise the reply that it gets without being taken.</summary>
    public TReply? Check(GatewayRef producer, long sequence)
    {
        if (!_last.TryGetValue(producer.Number, out var last) || sequence > last.Sequence)
        {
            return null;
        }

        return sequence == last.Sequence ? last.Reply : stale;
    }

    /// <summary>Remembers a batch that was taken.</summary>
    public void Remember(GatewayRef producer, long sequence, TReply reply)
    {
        _last[producer.Number] = new LastBatch<TReply>(producer, sequence, reply);
        if (_last.Count > MaxProducers)
        {
            _last.Remove(_last.First().Key);
        }
    }

    public LastBatch<TReply>[] Snapshot() => [.. _last.Values];

    public void Restore(LastBatch<TReply>[] snapshot)
    {
        foreach (var last in snapshot)
        {
            _last[last.Producer.Number] = last;
        }
    }
}
