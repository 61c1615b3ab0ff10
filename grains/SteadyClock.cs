namespace GrainMQ.Grains;

/// <summary>
/// The clock of everything that is due or expires: it shows the wall clock's time of the process's start and what has passed since on the
/// monotonic clock. So a wall clock that is set, back or forward, moves no expiry while the process lives. Across a restart it never goes back
/// behind what a journal has seen: an expiry may get shorter by the time that the process was away, and never longer.
/// </summary>
/// <param name="time">The clocks of the machine.</param>
public sealed class SteadyClock(TimeProvider time) : TimeProvider
{
    private readonly long _started = time.GetTimestamp();
    private long _startedAt = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => time.TimestampFrequency;

    /// <summary>Unix milliseconds.</summary>
    public long Now => StartedAt + Since(time.GetTimestamp());

    /// <summary>What the clock, as it goes now, showed when it was made, in Unix milliseconds. It changes only while a process starts.</summary>
    public long StartedAt => Volatile.Read(ref _startedAt);

    /// <summary>Returns the milliseconds from when the clock was made to a timestamp.</summary>
    public long Since(long timestamp) => (long)time.GetElapsedTime(_started, timestamp).TotalMilliseconds;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Now);

    /// <inheritdoc/>
    public override long GetTimestamp() => time.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);

    /// <summary>Goes forward to a time (Unix milliseconds) that a process of the cluster has seen; an earlier one changes nothing.</summary>
    public void Reach(long now)
    {
        while (StartedAt is var before && now - Since(time.GetTimestamp()) is var reached && reached > before
            && Interlocked.CompareExchange(ref _startedAt, reached, before) != before)
        {
            // another thread has just moved it
        }
    }

    /// <summary>Takes the time of the cluster (Unix milliseconds), for a process that has stored nothing and stamped nothing yet.</summary>
    public void Set(long now) => Volatile.Write(ref _startedAt, now - Since(time.GetTimestamp()));
}
