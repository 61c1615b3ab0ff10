using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Logging;

/// <summary>The loggers of Kestrel, whose events are not ours and which clients can cause too: all of its lines are limited together, as event 0.</summary>
internal sealed class WebServerLoggers(ILoggerFactory loggers, LogLimiter limiter) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new LimitedLogger(loggers.CreateLogger(categoryName), limiter, LogLimiter.WebServer);

    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    public void Dispose()
    {
        // the factory is not ours
    }
}
