namespace GrainMQ.Tests.Simulation;

/// <summary>
/// When calls, activations and deactivations have taken too long. One timer for all: it stays armed until it fires, even if nothing waits
/// for it any more, so that the number of armed timers tells a test about the grains and not about their callers.
/// </summary>
internal sealed class Deadlines
{
    private readonly PriorityQueue<IExpiring, (long Due, long Order)> _due = new();
    private readonly Lock _gate;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _order;
    private long? _armedFor;

    public Deadlines(Lock gate, TimeProvider time)
    {
        (_gate, _time) = (gate, time);
        _timer = UnboundTimer.Create(time, this, static me => me.Expire());
    }

    /// <summary>Its timer is armed, and changes nothing when it fires.</summary>
    public bool IsIdle => _armedFor is not null && _due.UnorderedItems.All(item => item.Element.IsOver);

    /// <summary>Under the gate.</summary>
    public void Add(IExpiring item, TimeSpan limit)
    {
        var due = _time.GetTimestamp() + (long)(limit.TotalSeconds * _time.TimestampFrequency);
        _due.Enqueue(item, (due, _order++));
        if (!(_armedFor <= due))
        {
            Arm(due);
        }
    }

    private void Expire()
    {
        foreach (var item in TakeExpired())
        {
            item.Expire();
        }
    }

    private List<IExpiring> TakeExpired()
    {
        var expired = new List<IExpiring>();
        lock (_gate)
        {
            _armedFor = null;
            var now = _time.GetTimestamp();
            while (_due.TryPeek(out var item, out var at) && (item.IsOver || at.Due <= now))
            {
                _due.Dequeue();
                if (!item.IsOver)
                {
                    expired.Add(item);
                }
            }
            if (_due.TryPeek(out _, out var next))
            {
                Arm(next.Due);
            }
        }
        return expired;
    }

    private void Arm(long due)
    {
        _armedFor = due;
        var now = _time.GetTimestamp();
        _timer.Change(due <= now ? TimeSpan.Zero : _time.GetElapsedTime(now, due), Timeout.InfiniteTimeSpan);
    }
}
