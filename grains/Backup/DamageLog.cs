using GrainMQ.Grains.LogStore.WriteAhead;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.Backup;

/// <summary>Keeps what a broker would have logged as an error when it opened the same logs.</summary>
internal sealed class DamageLog : ILogger<SegmentLogStore>
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _lines.Add(formatter(state, exception));
        }
    }
}
