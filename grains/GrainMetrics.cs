using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GrainMQ.Grains.Sessions;

namespace GrainMQ.Grains;

/// <summary>
/// The meter <c>GrainMQ.Grains</c>. Amounts are read from the shards that are active in this process; a shard that is activated anew
/// replaces its predecessor.
/// </summary>
internal sealed class GrainMetrics
{
    public const string MeterName = "GrainMQ.Grains";

    private readonly ConcurrentDictionary<int, StoreGauge> _stores = new();
    private readonly ConcurrentDictionary<int, RetainGauge> _retains = new();
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _fenced;
    private readonly Counter<long> _compacted;
    private readonly Histogram<double> _recovery;

    public GrainMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _dropped = meter.CreateCounter<long>(
            "grainmq.messages.dropped", "{message}", "Messages for stored sessions that reached nobody, by reason");
        _refused = meter.CreateCounter<long>("grainmq.retained.refused", "{message}", "Retained messages over the quota");
        _fenced = meter.CreateCounter<long>("grainmq.shards.fenced", "{activation}", "Activations that found a newer one of their shard");
        _compacted = meter.CreateCounter<long>(
            "grainmq.log.compacted.bytes", "By", "Bytes of queued messages that were appended anew, so that old segments could go");
        _recovery = meter.CreateHistogram<double>("grainmq.shards.recovery.duration", "s", "Reading a shard from its log until it can be used, by kind");
        Observe("grainmq.sessions", "{session}", "Sessions on record", () => _stores.Values.Sum(shard => shard.Sessions));
        Observe("grainmq.queued.messages", "{message}", "Messages in the queues of sessions", () => _stores.Values.Sum(shard => shard.Messages));
        Observe("grainmq.queued.bytes", "By", "Bytes in the queues of sessions", () => _stores.Values.Sum(shard => shard.Bytes));
        Observe("grainmq.wills.due", "{message}", "Wills due and not published yet", () => _stores.Values.Sum(shard => shard.DueWills));
        Observe("grainmq.retained.messages", "{message}", "Retained messages", () => _retains.Values.Sum(shard => shard.Messages));
        Observe("grainmq.retained.bytes", "By", "Bytes of retained messages and their topics", () => _retains.Values.Sum(shard => shard.Bytes));

        void Observe(string name, string unit, string description, Func<long> read) =>
            meter.CreateObservableGauge(name, read, unit, description);
    }

    public void Report(int shard, StoreGauge gauge) => _stores[shard] = gauge;

    public void Report(int shard, RetainGauge gauge) => _retains[shard] = gauge;

    public void Dropped(DropReason reason, int messages) => _dropped.Add(messages, new KeyValuePair<string, object?>("reason", Name(reason)));

    public void RetainRefused(int messages) => _refused.Add(messages);

    public void Fenced(string kind) => _fenced.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Compacted(long bytes) => _compacted.Add(bytes);

    public void Recovered(string kind, TimeSpan duration) => _recovery.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("kind", kind));

    private static string Name(DropReason reason) => reason switch
    {
        DropReason.QueueFull => "queue_full",
        DropReason.Expired => "expired",
        DropReason.Attached => "attached",
        DropReason.Damaged => "damaged",
        _ => "no_session",
    };
}

/// <summary>The amounts of one store shard as of its last call; written by its activation, read by the meter.</summary>
internal sealed class StoreGauge
{
    public long Sessions { get; set; }

    public long Messages { get; set; }

    public long Bytes { get; set; }

    public long DueWills { get; set; }
}

/// <inheritdoc cref="StoreGauge"/>
internal sealed class RetainGauge
{
    public long Messages { get; set; }

    public long Bytes { get; set; }
}
