using Microsoft.Extensions.Logging;
using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>
/// A timer whose callbacks are requests of its activation. The next due time is set when a callback has ended, so ticks never pile up; a change
/// made meanwhile counts from then too.
/// </summary>
internal abstract class GrainTimer : IGrainTimer
{
    /// <summary>What <see cref="Timer"/> takes.</summary>
    private const double LongestMilliseconds = uint.MaxValue - 1;

    private readonly CancellationTokenSource _stop = new();
    private readonly Activation _activation;
    private readonly ILogger _logger;
    private readonly Lock _gate;
    private readonly GrainTimerCreationOptions _options;
    private readonly ITimer _timer;
    private TimeSpan _period;
    private TimeSpan _next;
    private bool _isTicking;

    protected GrainTimer(SimulatedCluster cluster, Activation activation, GrainTimerCreationOptions options)
    {
        (_activation, _options, _gate, _logger) = (activation, options, cluster.Gate, cluster.Logger);
        _timer = UnboundTimer.Create(cluster.Time, this, static me => me.Fire());
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Validate(dueTime, nameof(dueTime));
        Validate(period, nameof(period));
        lock (_gate)
        {
            (_next, _period) = (dueTime, period);
            if (!_isTicking && !_activation.IsLost)
            {
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _stop.Cancel();
        _activation.Remove(this);
    }

    protected abstract Task CallBackAsync(CancellationToken stop);

    private void Fire()
    {
        lock (_gate)
        {
            _isTicking = true;
            _next = _period;
            _activation.Receive(new Tick(this));
        }
    }

    private void EndTick(Exception? failure)
    {
        if (failure is not null)
        {
            _logger.TimerFailed(failure, _activation.Name);
        }

        lock (_gate)
        {
            _isTicking = false;
            _timer.Change(_next, Timeout.InfiniteTimeSpan); // does nothing once disposed
        }
    }

    private static void Validate(TimeSpan time, string name)
    {
        if ((time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan) || time.TotalMilliseconds > LongestMilliseconds)
        {
            throw new ArgumentOutOfRangeException(name, time, "Not a time that a timer can wait.");
        }
    }

    /// <summary>One callback.</summary>
    private sealed class Tick(GrainTimer timer) : Request
    {
        public override bool Interleaves => timer._options.Interleave;

        public override bool KeepsAlive => timer._options.KeepAlive;

        public override bool IsLocal => true;

        public override async ValueTask<Response> InvokeAsync(Activation activation)
        {
            if (!timer._stop.IsCancellationRequested)
            {
                await timer.CallBackAsync(timer._stop.Token);
            }

            return Response.Completed;
        }

        public override void End(Response response) => timer.EndTick(response.Exception);
    }
}

internal sealed class GrainTimer<TState>(
    SimulatedCluster cluster, Activation activation, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    : GrainTimer(cluster, activation, options)
{
    protected override Task CallBackAsync(CancellationToken stop) => callback(state, stop);
}
