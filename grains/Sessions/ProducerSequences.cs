using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// The last batch taken from each producing gateway, so that a batch that is sent twice, or comes late, is taken once. Numbers may be
/// missing: a producer gives up on a batch (and then promises nothing) when the shard was away for long.
/// </summary>
internal sealed class ProducerSequences
{
    private const int MaxProducers = 4_096;

    private readonly Dictionary<string, ProducerSnapshot> _last = [];

    /// <summary>Null: take the batch. Otherwise the answer that it gets without being taken.</summary>
    public QueueReply? Check(GatewayRef producer, long sequence)
    {
        if (!_last.TryGetValue(producer.Id, out var last) || last.Producer.Incarnation < producer.Incarnation)
        {
            return null;
        }

        if (last.Producer.Incarnation > producer.Incarnation)
        {
            return new QueueReply(SessionResult.Fenced, 0);
        }

        return sequence > last.Sequence ? null : new QueueReply(SessionResult.Ok, sequence == last.Sequence ? last.Dropped : 0);
    }

    public void Taken(GatewayRef producer, long sequence, int dropped)
    {
        // gateway ids are few and return after a restart; the bound is for a fleet that draws a new id for every pod
        if (_last.Count >= MaxProducers && !_last.ContainsKey(producer.Id))
        {
            _last.Remove(_last.Keys.First());
        }

        _last[producer.Id] = new ProducerSnapshot(producer, sequence, dropped);
    }

    public ProducerSnapshot[] Snapshot() => [.. _last.Values];

    public void Restore(ProducerSnapshot[] snapshot)
    {
        foreach (var producer in snapshot)
        {
            _last[producer.Producer.Id] = producer;
        }
    }
}
