namespace GrainMQ.Tests.Testing;

/// <summary>
/// A clock that stands still until <see cref="Advance"/> moves it; its timers fire on the advancing thread, in the order in which
/// they are due, each with the clock at its own due time. Timers created or changed by a callback take part in the same advance.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(ManualTimer Timer, long Generation), (long DueTicks, long Order)> _due = new();
    private long _nowTicks;
    private long _setTicks;
    private long _order;
    private int _armed;

    public ManualTimeProvider() : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)) { }

    public ManualTimeProvider(DateTimeOffset start) => _nowTicks = start.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Timers that will fire one day; a test awaits a rise of it to know that something waits.</summary>
    public int ArmedTimers => Volatile.Read(ref _armed);

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _nowTicks) + Volatile.Read(ref _setTicks), TimeSpan.Zero);

    public override long GetTimestamp() => Volatile.Read(ref _nowTicks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Sets the wall clock forward or, with a negative span, back. No time passes: the monotonic clock and the timers do not see it.</summary>
    public void SetWallClock(TimeSpan by) => Interlocked.Add(ref _setTicks, by.Ticks);

    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var target = Volatile.Read(ref _nowTicks) + by.Ticks;
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>
    /// Moves the clock at once, as it moves for a process that was suspended, and then fires each timer that has become due: a periodic one
    /// once, however many of its periods have passed. Days cost what a moment costs.
    /// </summary>
    public void Leap(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_lock)
        {
            _nowTicks += by.Ticks;
        }

        Advance(TimeSpan.Zero);
    }

    /// <summary>Moves the clock to the timer that is due next and fires it.</summary>
    /// <returns>False: no timer is armed.</returns>
    public bool AdvanceToNextTimer()
    {
        if (TakeDue(null) is not { } timer)
        {
            return false;
        }

        timer.Fire();
        return true;
    }

    /// <summary>The next due timer, with the clock moved to its time; null, with the clock at the target, when there is none until then.</summary>
    private ManualTimer? TakeDue(long? target)
    {
        lock (_lock)
        {
            while (_due.TryPeek(out var entry, out var at) && !(at.DueTicks > target))
            {
                _due.Dequeue();
                if (entry.Generation != entry.Timer.Generation)
                {
                    continue;
                }

                _nowTicks = Math.Max(_nowTicks, at.DueTicks);
                Rearm(entry.Timer);
                return entry.Timer;
            }
            _nowTicks = Math.Max(_nowTicks, target ?? 0);
            return null;
        }
    }

    private void Rearm(ManualTimer timer)
    {
        timer.Generation++;
        if (timer.Period > TimeSpan.Zero)
        {
            Enqueue(timer, timer.Period);
        }
        else
        {
            SetArmed(timer, false);
        }
    }

    private void Enqueue(ManualTimer timer, TimeSpan dueTime) =>
        _due.Enqueue((timer, timer.Generation), (_nowTicks + dueTime.Ticks, _order++));

    private void SetArmed(ManualTimer timer, bool armed)
    {
        if (timer.Armed == armed)
        {
            return;
        }

        timer.Armed = armed;
        _armed += armed ? 1 : -1;
    }

    private bool Arm(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            if (timer.Disposed)
            {
                return false;
            }

            timer.Generation++;
            timer.Period = period;
            var armed = dueTime >= TimeSpan.Zero;
            if (armed)
            {
                Enqueue(timer, dueTime);
            }

            SetArmed(timer, armed);
            return true;
        }
    }

    private void Disarm(ManualTimer timer)
    {
        lock (_lock)
        {
            timer.Generation++;
            timer.Disposed = true;
            SetArmed(timer, false);
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        // guarded by the clock's lock
        public long Generation;
        public TimeSpan Period;
        public bool Armed;
        public bool Disposed;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Arm(this, dueTime, period);

        public void Dispose() => clock.Disarm(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
