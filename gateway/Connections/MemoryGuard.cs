using GrainMQ.Gateway.Protocol;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The last bound: every queue has its own, this one holds for all of them together. Looks once a second and degrades in steps, new
/// clients first, so that those who are served go on being served.
/// </summary>
internal sealed partial class MemoryGuard : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly MemoryOptions _options;
    private readonly ConnectionRegistry _connections;
    private readonly ILogger<MemoryGuard> _logger;
    private readonly Func<long> _used;
    private readonly ITimer _timer;
    private TaskCompletionSource? _paused;
    private int _percent;

    /// <param name="used">Bytes that the process takes; the working set when left out.</param>
    public MemoryGuard(
        MemoryOptions options, ConnectionRegistry connections, GatewayMetrics metrics, TimeProvider time, ILogger<MemoryGuard> logger,
        Func<long>? used = null)
    {
        (_options, _connections, _logger, _used) = (options, connections, logger, used ?? (() => Environment.WorkingSet));
        metrics.Meter.CreateObservableGauge("mqtt_memory_percent", () => Percent, "%", "Memory of the process, of Memory:MaximumBytes");
        _timer = time.CreateTimer(static guard => ((MemoryGuard)guard!).Look(), this, Period, Period); // state is this
    }

    /// <summary>What the process takes of what it may.</summary>
    public int Percent => Volatile.Read(ref _percent);

    public bool RefusesConnect => Percent >= _options.RefuseConnectPercent;

    /// <summary>Completed unless QoS 0 publishers have to wait.</summary>
    public Task QoS0AllowedAsync() => Volatile.Read(ref _paused)?.Task ?? Task.CompletedTask;

    public void Dispose()
    {
        _timer.Dispose();
        Resume();
    }

    private void Look()
    {
        var maximum = _options.MaximumBytes > 0 ? _options.MaximumBytes : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var before = Percent;
        var percent = (int)(_used() * 100 / Math.Max(1, maximum));
        Volatile.Write(ref _percent, percent);
        if (percent >= _options.RefuseConnectPercent != before >= _options.RefuseConnectPercent)
        {
            LogPressure(_logger, percent, percent >= _options.RefuseConnectPercent ? "new clients are refused" : "new clients are welcome again");
        }

        if (percent < _options.PauseQoS0Percent)
        {
            Resume();
        }
        else if (_paused is null)
        {
            Volatile.Write(ref _paused, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        if (percent >= _options.DisconnectSlowestPercent)
        {
            DisconnectSlowest(percent);
        }
    }

    private void DisconnectSlowest(int percent)
    {
        if (_connections.All.MaxBy(connection => connection.WaitingBytes) is { WaitingBytes: > 0 } slowest)
        {
            LogSlowest(_logger, percent, slowest.Client.Id, slowest.WaitingBytes);
            slowest.Close(CloseCause.QuotaExceeded, ReasonCode.QuotaExceeded);
        }
    }

    private void Resume() => Interlocked.Exchange(ref _paused, null)?.SetResult();

    [LoggerMessage(4320, LogLevel.Warning, "Memory at {Percent} % of Memory:MaximumBytes: {Consequence}")]
    private static partial void LogPressure(ILogger logger, int percent, string consequence);

    [LoggerMessage(4321, LogLevel.Warning, "Memory at {Percent} % of Memory:MaximumBytes: {ClientId} is disconnected, {Bytes} bytes wait for it")]
    private static partial void LogSlowest(ILogger logger, int percent, string clientId, long bytes);
}
