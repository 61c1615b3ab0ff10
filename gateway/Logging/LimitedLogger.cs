using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Logging;

/// <summary>Writes lines that the limiter admits.</summary>
/// <param name="limiter">Null: every line.</param>
/// <param name="countedAs">The event that all lines count as; null: each its own.</param>
internal class LimitedLogger(ILogger logger, LogLimiter? limiter, int? countedAs = null) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (limiter is null || logLevel < LogLevel.Information || !logger.IsEnabled(logLevel) || limiter.Admits(countedAs ?? eventId.Id))
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}

/// <summary>The logger of every class of the gateway: lines go through the one <see cref="LogLimiter"/>. Classes of others log as they did.</summary>
internal sealed class LimitedLogger<T>(ILoggerFactory loggers, LogLimiter limiter)
    : LimitedLogger(loggers.CreateLogger<T>(), typeof(T).Assembly == typeof(LogLimiter).Assembly ? limiter : null), ILogger<T>;
