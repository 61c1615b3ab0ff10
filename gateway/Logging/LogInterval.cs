namespace GrainMQ.Gateway.Logging;

/// <summary>
/// Lets one log line through per interval, of something that the gateway tries again and again. What clients can cause is the <see cref="LogLimiter"/>'s.
/// Safe from any thread.
/// </summary>
internal sealed class LogInterval(TimeProvider time, TimeSpan interval)
{
    private readonly Lock _gate = new();
    private long _last;
    private bool _any;

    /// <returns>True: write the line.</returns>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_any && time.GetElapsedTime(_last) < interval)
            {
                return false;
            }

            (_last, _any) = (time.GetTimestamp(), true);
            return true;
        }
    }
}
