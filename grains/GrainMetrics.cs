using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains;

/// <summary>
/// The meter <c>GrainMQ.Grains</c>. It reads amounts from the shards that are active in this process; a shard that is activated anew replaces
/// its predecessor.
/// </summary>
internal sealed class GrainMetrics
{
    public const string MeterName = "GrainMQ.Grains";

    private readonly ConcurrentDictionary<(string Kind, int Shard), ShardGauge> _shards = new();
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _fenced;
    private readonly Counter<long> _compacted;
    private readonly Histogram<double> _recovery;

    public GrainMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _dropped = meter.CreateCounter<long>(
            "grainmq.messages.dropped", "{message}", "Messages for stored sessions that were not delivered, by reason");
        _refused = meter.CreateCounter<long>("grainmq.retained.refused", "{message}", "Retained messages over the quota");
        _fenced = meter.CreateCounter<long>("grainmq.shards.fenced", "{activation}", "Activations that found a newer one of their shard");
        _compacted = meter.CreateCounter<long>(
            "grainmq.log.compacted.bytes", "By", "Bytes of queued messages that were appended anew, so that old segments could go");
        _recovery = meter.CreateHistogram<double>("grainmq.shards.recovery.duration", "s", "Reading a shard from its log until it can be used, by kind");
        Observe("grainmq.sessions", "{session}", "Sessions on record", "store", shard => shard.Sessions);
        Observe("grainmq.queued.messages", "{message}", "Messages in the queues of sessions", "store", shard => shard.Messages);
        Observe("grainmq.queued.bytes", "By", "Bytes in the queues of sessions", "store", shard => shard.Bytes);
        Observe("grainmq.wills.due", "{message}", "Wills due and not published yet", "store", shard => shard.DueWills);
        Observe("grainmq.retained.messages", "{message}", "Retained messages", "retain", shard => shard.Messages);
        Observe("grainmq.retained.bytes", "By", "Bytes of retained messages and their topics", "retain", shard => shard.Bytes);

        void Observe(string name, string unit, string description, string kind, Func<ShardGauge, long> read) =>
            meter.CreateObservableGauge(name, () => _shards.Where(shard => shard.Key.Kind == kind).Sum(shard => read(shard.Value)), unit, description);
    }

    /// <summary>Reads a shard's amounts from now on.</summary>
    public void Report(string kind, int shard, ShardGauge gauge) => _shards[(kind, shard)] = gauge;

    public void Dropped(QueueDropReason reason, int messages) => _dropped.Add(messages, new KeyValuePair<string, object?>("reason", Name(reason)));

    public void RetainRefused(int messages) => _refused.Add(messages);

    public void Fenced(string kind) => _fenced.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Compacted(long bytes) => _compacted.Add(bytes);

    public void Recovered(string kind, TimeSpan duration) => _recovery.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("kind", kind));

    private static string Name(QueueDropReason reason) => reason switch
    {
        QueueDropReason.QueueFull => "queue_full",
        QueueDropReason.Expired => "expired",
        QueueDropReason.Attached => "attached",
        QueueDropReason.Damaged => "damaged",
        _ => "no_session",
    };
}
