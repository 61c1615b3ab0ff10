namespace GrainMQ.Silo.Embedded;

/// <summary>One awaited request in the list of <see cref="CallTimeouts"/>.</summary>
internal sealed class Deadline(Request request, long due)
{
    public Request Request => request;

    public long Due => due;

    public Deadline? Previous { get; set; }

    public Deadline? Next { get; set; }
}

/// <summary>
/// The requests that did not end in their first turn, oldest first. All have the same timeout, so the head is always the next to
/// expire and one timer suffices. Calls that are answered at once never come here: that keeps the common path free of it.
/// </summary>
internal sealed class CallTimeouts : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly long _ticks;
    private readonly ITimer _timer;
    private Deadline? _head;
    private Deadline? _tail;

    public CallTimeouts(TimeProvider time, TimeSpan timeout)
    {
        _time = time;
        _timeout = timeout;
        _ticks = (long)(timeout.TotalSeconds * time.TimestampFrequency);
        _timer = UnboundTimer.Create(time, this, static me => me.Expire());
    }

    /// <summary>Adding twice is adding once: a call may wait in a queue first and in the grain after.</summary>
    public void Add(Request request)
    {
        var deadline = new Deadline(request, _time.GetTimestamp() + _ticks);
        lock (_lock)
        {
            if (request.Deadline is not null || request.IsAnswered) return;
            request.Deadline = deadline;
            deadline.Previous = _tail;
            if (_tail is null) _head = deadline;
            else _tail.Next = deadline;
            _tail = deadline;
            if (_head == deadline) _timer.Change(_timeout, Timeout.InfiniteTimeSpan);
        }
        if (request.Activation.IsLost) request.Fail(new SiloLostException(request.Activation.Id.ToString()));
    }

    public void Remove(Request request)
    {
        if (request.Deadline is null) return;
        lock (_lock)
        {
            if (request.Deadline is { } deadline) Unlink(deadline);
        }
    }

    /// <summary>Fails what runs on activations that are gone.</summary>
    public void FailLost()
    {
        foreach (var request in Snapshot().Where(request => request.Activation.IsLost))
        {
            Remove(request);
            request.Fail(new SiloLostException(request.Activation.Id.ToString()));
        }
    }

    public void Dispose() => _timer.Dispose();

    private List<Request> Snapshot()
    {
        var all = new List<Request>();
        lock (_lock)
        {
            for (var deadline = _head; deadline is not null; deadline = deadline.Next) all.Add(deadline.Request);
        }
        return all;
    }

    private void Unlink(Deadline deadline)
    {
        if (deadline.Previous is null) _head = deadline.Next;
        else deadline.Previous.Next = deadline.Next;
        if (deadline.Next is null) _tail = deadline.Previous;
        else deadline.Next.Previous = deadline.Previous;
        deadline.Request.Deadline = null;
    }

    private void Expire()
    {
        while (TakeExpired() is { } request) request.TimeOut(_timeout);
    }

    private Request? TakeExpired()
    {
        lock (_lock)
        {
            if (_head is not { } head) return null;
            var left = head.Due - _time.GetTimestamp();
            if (left > 0)
            {
                _timer.Change(TimeSpan.FromSeconds((double)left / _time.TimestampFrequency) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                return null;
            }
            Unlink(head);
            return head.Request;
        }
    }
}
