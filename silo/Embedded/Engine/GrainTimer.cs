using Orleans.Runtime;

namespace GrainMQ.Silo.Embedded;

/// <summary>
/// A timer whose callbacks are requests on its activation. The next due time is set when a callback ends, so ticks never pile up; a change
/// made meanwhile counts from then too.
/// </summary>
internal abstract class GrainTimer : IGrainTimer
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Activation _activation;
    private readonly ITimer _timer;
    private TimeSpan _period;
    private TimeSpan _next;
    private bool _ticking;
    private bool _disposed;

    protected GrainTimer(Activation activation, GrainTimerCreationOptions options)
    {
        _activation = activation;
        Interleave = options.Interleave;
        KeepAlive = options.KeepAlive;
        _timer = UnboundTimer.Create(activation.Cluster.Time, this, static me => me.Fire());
    }

    public bool Interleave { get; }

    public bool KeepAlive { get; }

    protected CancellationToken Stopped => _stop.Token;

    public abstract Task CallBackAsync();

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Validate(dueTime, nameof(dueTime));
        Validate(period, nameof(period));
        lock (_lock)
        {
            if (_disposed) return;
            _period = period;
            _next = dueTime;
            if (!_ticking) _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void TickEnded()
    {
        lock (_lock)
        {
            _ticking = false;
            if (!_disposed) _timer.Change(_next, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
        }
        _timer.Dispose();
        _stop.Cancel();
        _activation.Forget(this);
    }

    private void Fire()
    {
        lock (_lock)
        {
            if (_disposed || _ticking) return;
            _ticking = true;
            _next = _period;
        }
        _activation.TryEnqueue(new TimerTick(this));
    }

    private static void Validate(TimeSpan time, string name)
    {
        if (time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan || time.TotalMilliseconds > uint.MaxValue - 1)
            throw new ArgumentOutOfRangeException(name, time, "Not a time that a timer can wait.");
    }
}

internal sealed class GrainTimer<TState>(
    Activation activation, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    : GrainTimer(activation, options)
{
    public override Task CallBackAsync() => Stopped.IsCancellationRequested ? Task.CompletedTask : callback(state, Stopped);
}

/// <summary>One callback of a timer.</summary>
internal sealed class TimerTick(GrainTimer timer) : Request
{
    public override string Name => "timer";

    public override bool Interleaves => timer.Interleave;

    public override bool KeepsAlive => timer.KeepAlive;

    public override void Fail(Exception exception) => timer.Dispose();

    /// <summary>A callback may take as long as it likes.</summary>
    public override void TimeOut(TimeSpan timeout)
    {
    }

    protected override Task Invoke(object target) => timer.CallBackAsync();

    protected override void Answer(Task task, bool alive)
    {
        if (!alive) return;
        if (task.Exception is { } failed) Activation.Cluster.Logger.TimerFailed(failed.InnerException ?? failed, Activation.Id);
        timer.TickEnded();
    }
}
