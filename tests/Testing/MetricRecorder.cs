using System.Diagnostics.Metrics;

namespace GrainMQ.Tests.Testing;

/// <summary>Adds up the counters of one service provider's meters.</summary>
public sealed class MetricRecorder : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _sums = [];
    private readonly MeterListener _listener = new();

    public MetricRecorder(IMeterFactory factory)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(OnMeasured);
        _listener.Start();
    }

    /// <summary>The sum of a counter; <paramref name="reason"/> is the value of its tag of that name.</summary>
    public long Sum(string counter, string? reason = null)
    {
        lock (_lock)
        {
            return _sums.GetValueOrDefault(reason is null ? counter : $"{counter}/{reason}");
        }
    }

    public void Dispose() => _listener.Dispose();

    private void OnMeasured(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        lock (_lock)
        {
            _sums[instrument.Name] = _sums.GetValueOrDefault(instrument.Name) + value;
            foreach (var (key, tag) in tags)
            {
                if (key == "reason")
                {
                    var name = $"{instrument.Name}/{tag}";
                    _sums[name] = _sums.GetValueOrDefault(name) + value;
                }
            }
        }
    }
}
