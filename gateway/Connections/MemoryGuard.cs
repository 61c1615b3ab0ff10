using GrainMQ.Gateway.Protocol;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The last bound: every queue has its own, this one holds for all of them together. Looks once a second, after garbage is given back, and degrades
/// in steps, new clients first, so that those who are served go on being served.
/// </summary>
internal sealed partial class MemoryGuard : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Percent below the first step, from which on the limit is near.</summary>
    private const int Near = 5;

    private readonly MemoryOptions _options;
    private readonly ConnectionRegistry _connections;
    private readonly IProcessMemory _memory;
    private readonly ILogger<MemoryGuard> _logger;
    private readonly GarbageReturn _garbage;
    private readonly ReadRelief[] _reliefs;
    private readonly ITimer _timer;
    private TaskCompletionSource? _paused;
    private int _percent;
    private int _looking;

    public MemoryGuard(
        MemoryOptions options, ConnectionRegistry connections, ReadBudgets budgets, IProcessMemory memory, GatewayMetrics metrics, TimeProvider time,
        ILogger<MemoryGuard> logger)
    {
        (_options, _connections, _memory, _logger) = (options, connections, memory, logger);
        _garbage = new GarbageReturn(memory, time);
        _reliefs = [new(budgets.Served, connections), new(budgets.Unknown, connections)];
        metrics.Meter.CreateObservableGauge("mqtt_memory_percent", () => Percent, "%", "Memory of the process, of Memory:MaximumBytes");
        metrics.Meter.CreateObservableGauge(
            "mqtt_read_bytes", () => budgets.Served.Used + budgets.Unknown.Used, "By", "Memory of packets that are not complete");
        _timer = time.CreateTimer(static guard => ((MemoryGuard)guard!).LookAlone(), this, Period, Period); // state is this
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

    // A collection may take longer than the period.
    private void LookAlone()
    {
        if (Interlocked.Exchange(ref _looking, 1) == 0)
        {
            Look();
            Volatile.Write(ref _looking, 0);
        }
    }

    private void Look()
    {
        var limit = Math.Max(1, _options.Limit(_memory.Available));
        var (used, returned) = _garbage.Measure(near: (long)(limit / 100.0 * (_options.RefuseConnectPercent - Near)));
        if (returned > 0)
        {
            LogReturned(_logger, returned, used);
        }

        Judge((int)(used * 100.0 / limit));
        foreach (var relief in _reliefs)
        {
            if (relief.Look() is > 0 and var closed)
            {
                LogRelieved(_logger, closed);
            }
        }
    }

    private void Judge(int percent)
    {
        var wasRefusing = RefusesConnect;
        Volatile.Write(ref _percent, percent);
        if (RefusesConnect != wasRefusing)
        {
            LogPressure(_logger, percent, RefusesConnect ? "new clients are refused" : "new clients are welcome again");
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

    [LoggerMessage(4322, LogLevel.Warning, "The memory for packets that are not complete is used up: {Connections} connections that hold some of it and do not go on are closed")]
    private static partial void LogRelieved(ILogger logger, int connections);

    [LoggerMessage(4323, LogLevel.Debug, "Garbage was collected: {Returned} bytes are given back, {Used} are in use")]
    private static partial void LogReturned(ILogger logger, long returned, long used);
}
