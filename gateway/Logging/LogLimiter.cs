using System.Collections.Frozen;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Logging;

/// <summary>
/// Bounds the log lines that clients can cause: of each such event the first <see cref="Lines"/> of an interval are written, the others are counted and told in
/// one line at its end (event 1090). So no client can fill the disk, and none can hide another kind of event. Events of level Debug and below are not
/// limited. Safe from any thread.
/// </summary>
internal sealed partial class LogLimiter : IDisposable
{
    /// <summary>Lines of one event in an interval.</summary>
    public const int Lines = 10;

    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Every event of level Information and above that a client can cause at will, alone or by what it makes the store do. A test holds it against all
    /// events that there are.
    /// </summary>
    public static readonly FrozenSet<int> ClientEvents = FrozenSet.ToFrozenSet(
    [
        1101, 1103, 1110, 1150, 1151, 1152, 1153, 1160, // accepting, handshakes, headers
        4302, 4304, 4305, 4308, 4309, 4310, 4320, 4321, 4322, // connections and their memory
        4400, 4401, 4402, 4405, 4406, 4407, 4409, 4410, 4411, 4412, // what a publisher, a subscriber or the end of a session asks of the store
        4501, 4502, 4503, 4504, 4506, 4507, // what handlers refuse
    ]);

    /// <summary>Stands for all lines of <see cref="WebServerLoggers"/>.</summary>
    public const int WebServer = 0;

    private readonly FrozenDictionary<int, Count> _counts = ClientEvents.Append(WebServer).ToFrozenDictionary(id => id, _ => new Count());
    private readonly ILogger _logger;
    private readonly ITimer _timer;

    public LogLimiter(TimeProvider time, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger<LogLimiter>();
        _timer = time.CreateTimer(static limiter => ((LogLimiter)limiter!).EndInterval(), this, Interval, Interval); // state is this
    }

    /// <summary>Whether a line of the event is to be written; one that is not is counted.</summary>
    public bool Admits(int eventId) => !_counts.TryGetValue(eventId, out var count) || Interlocked.Increment(ref count.Value) <= Lines;

    /// <summary>Ends the interval; what was left out is told.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        EndInterval();
    }

    private void EndInterval()
    {
        foreach (var (id, count) in _counts)
        {
            if (Interlocked.Exchange(ref count.Value, 0) - Lines is > 0 and var more)
            {
                LogLeftOut(_logger, more, id);
            }
        }
    }

    [LoggerMessage(1090, LogLevel.Warning, "Left out in the last 10 seconds: {Lines} lines of event {Event}.")]
    private static partial void LogLeftOut(ILogger logger, long lines, int @event);

    private sealed class Count
    {
        public long Value;
    }
}
