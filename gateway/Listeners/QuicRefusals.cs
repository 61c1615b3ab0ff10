using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Logs that libmsquic refused QUIC clients before the gateway saw them. The only source are libmsquic's counters, for the whole process, which
/// .NET shows in a diagnostic meter. If a new version names them differently, nothing is logged, and nothing else changes.
/// </summary>
internal sealed partial class QuicRefusals : IDisposable
{
    private const string MeterName = "Private.InternalDiagnostics.System.Net.Quic.MsQuic";

    /// <summary>Time between two looks at the counters.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private static readonly FrozenDictionary<string, string> Causes = new Dictionary<string, string>
    {
        ["msquic.connection.no_alpn"] = "they did not ask for application protocol 'mqtt' (ALPN)",
        ["msquic.connection.app_rejected"] = "Quic:MaximumHandshakes others had not finished theirs",
        ["msquic.connection.load_rejected"] = "libmsquic had too much to do",
    }.ToFrozenDictionary();

    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _told = [];
    private readonly MeterListener _counters = new();
    private readonly ITimer _timer;
    private bool _isFirst = true;

    public QuicRefusals(TimeProvider time, ILogger<QuicRefusals> logger)
    {
        _logger = logger;
        _counters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == MeterName && Causes.ContainsKey(instrument.Name))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _counters.SetMeasurementEventCallback<long>((instrument, count, _, _) => Tell(instrument.Name, count));
        _counters.Start();
        Look();
        _isFirst = false;
        _timer = time.CreateTimer(static refusals => ((QuicRefusals?)refusals)?.Look(), this, Interval, Interval);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _counters.Dispose();
    }

    private void Look()
    {
        lock (_gate)
        {
            _counters.RecordObservableInstruments();
        }
    }

    private void Tell(string counter, long count)
    {
        var refused = count - _told.GetValueOrDefault(counter);
        _told[counter] = count;
        if (refused > 0 && !_isFirst)
        {
            LogRefused(_logger, refused, Causes[counter]);
        }
    }
}
