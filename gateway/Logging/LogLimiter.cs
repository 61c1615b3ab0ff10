namespace GrainMQ.Gateway.Logging;

/// <summary>
/// Lets one log line through per interval and counts the others, so that a flood of failures (or a client that causes them) cannot
/// fill the disk. Safe from any thread.
/// </summary>
public sealed class LogLimiter(TimeProvider time, TimeSpan interval)
{
    private readonly Lock _gate = new();
    private long _last;
    private bool _any;
    private int _suppressed;

    /// <returns>True: write the line; <paramref name="suppressed"/> lines were left out since the one before.</returns>
    public bool TryTake(out int suppressed)
    {
        lock (_gate)
        {
            suppressed = 0;
            if (_any && time.GetElapsedTime(_last) < interval)
            {
                _suppressed++;
                return false;
            }
            (suppressed, _suppressed) = (_suppressed, 0);
            (_last, _any) = (time.GetTimestamp(), true);
            return true;
        }
    }
}
