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
    private long _offset = time.GetUtcNow().UtcTicks;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => time.TimestampFrequency;

    /// <summary>Unix milliseconds.</summary>
    public long Now => UnixOf(time.GetTimestamp());

    /// <summary>Returns what the clock shows at a timestamp, in Unix milliseconds.</summary>
    public long UnixOf(long timestamp) =>
        (Volatile.Read(ref _offset) - DateTimeOffset.UnixEpoch.Ticks + time.GetElapsedTime(_started, timestamp).Ticks) / TimeSpan.TicksPerMillisecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _offset) + time.GetElapsedTime(_started).Ticks, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long GetTimestamp() => time.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);

    /// <summary>Goes forward to a time (Unix milliseconds) that a process of the cluster has seen; an earlier one changes nothing.</summary>
    public void Reach(long now)
    {
        while (Volatile.Read(ref _offset) is var offset && OffsetOf(now) is var reached && reached > offset
            && Interlocked.CompareExchange(ref _offset, reached, offset) != offset)
        {
            // another thread has just moved it
        }
    }

    /// <summary>Takes the time of the cluster (Unix milliseconds), for a process that has stored nothing and stamped nothing yet.</summary>
    public void Set(long now) => Volatile.Write(ref _offset, OffsetOf(now));

    private long OffsetOf(long now) => DateTimeOffset.FromUnixTimeMilliseconds(now).UtcTicks - time.GetElapsedTime(_started).Ticks;
}
