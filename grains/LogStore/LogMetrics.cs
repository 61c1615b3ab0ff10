using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace GrainMQ.Grains.LogStore;

/// <summary>The meter <c>GrainMQ.Storage</c>: what the logs write and what they take on the disk, each with its name in the tag <c>log</c>.</summary>
public sealed class LogMetrics
{
    public const string MeterName = "GrainMQ.Storage";

    private readonly ConcurrentDictionary<string, Func<LogAmounts>> _logs = new();
    private readonly Histogram<double> _flushes;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _records;
    private readonly Counter<long> _lost;

    public LogMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _flushes = meter.CreateHistogram<double>("grainmq.log.fsync.duration", "s", "Waiting for fsync of appended records");
        _bytes = meter.CreateCounter<long>("grainmq.log.appended.bytes", "By", "Bytes appended and stored for good");
        _records = meter.CreateCounter<long>("grainmq.log.appended.records", "{record}", "Records appended and stored for good");
        _lost = meter.CreateCounter<long>(
            "grainmq.log.lost.bytes", "By", "Bytes cut at the end of a log (cut_tail; nothing acknowledged) or that cannot be served, by reason");
        Observe("grainmq.log.segments", "{segment}", "Segments on the disk", amounts => amounts.Segments);
        Observe("grainmq.log.bytes", "By", "Bytes of segments and snapshots on the disk", amounts => amounts.Bytes);
        Observe("grainmq.log.full", "{log}", "1 while the log takes no records for want of space", amounts => amounts.IsFull ? 1 : 0);

        void Observe(string name, string unit, string description, Func<LogAmounts, long> read) => meter.CreateObservableGauge(
            name, () => _logs.Select(log => new Measurement<long>(read(log.Value()), Tag(log.Key))), unit, description);
    }

    internal void Report(string log, Func<LogAmounts> amounts) => _logs[log] = amounts;

    internal void Flushed(string log, TimeSpan duration) => _flushes.Record(duration.TotalSeconds, Tag(log));

    internal void Appended(string log, long bytes, long records)
    {
        _bytes.Add(bytes, Tag(log));
        _records.Add(records, Tag(log));
    }

    internal void Found(string log, LogFinding finding)
    {
        if (finding.Bytes > 0)
        {
            _lost.Add(finding.Bytes, Tag(log), new("reason", NameOf(finding.Kind)));
        }
    }

    private static KeyValuePair<string, object?> Tag(string log) => new("log", log);

    private static string NameOf(LogFindingKind kind) => kind switch
    {
        LogFindingKind.CutTail => "cut_tail",
        LogFindingKind.MissingSegment => "missing",
        _ => "damaged",
    };
}

/// <summary>What a log has at one moment.</summary>
internal readonly record struct LogAmounts(int Segments, long Bytes, bool IsFull);
