using GrainMQ.Grains;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Deadlines of all connections on one timer: slots of 100 ms, each a linked list, so that arming and cancelling are O(1) and an
/// idle connection costs no timer object. An entry that is due further away than one turn waits in its slot for the next turn.
/// It also keeps the clock that the data path reads, which is never older than one tick.
/// </summary>
/// <remarks>
/// A turn that comes late means that the process stood still: suspended, or without a processor. What clients sent meanwhile lies in their sockets, so
/// for a second no deadline is judged, and it is read first.
/// </remarks>
internal sealed class TimerWheel : IDisposable
{
    public const int TickMilliseconds = 100;
    private const int Slots = 512;
    private const int LateMilliseconds = 500;
    private const int CatchUpMilliseconds = 1000;

    private readonly Lock _lock = new();
    private readonly WheelEntry?[] _slots = new WheelEntry?[Slots];
    private readonly List<WheelEntry> _due = [];
    private readonly SteadyClock _time;
    private readonly long _start;
    private readonly long _sinceStart;
    private readonly ITimer _timer;
    private long _tick;
    private long _now;
    private long _caughtUp;

    public TimerWheel(SteadyClock time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _sinceStart = time.Since(_start);
        var period = TimeSpan.FromMilliseconds(TickMilliseconds);
        _timer = time.CreateTimer(static wheel => ((TimerWheel)wheel!).Turn(), this, period, period); // state is this, never null
    }

    /// <summary>Milliseconds since the wheel was made, monotonic, at most one tick old.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>Unix milliseconds of the <see cref="SteadyClock"/>, at most one tick old.</summary>
    public long UnixNow => _time.StartedAt + _sinceStart + Now;

    /// <summary>Arms or re-arms an entry; it never fires early, and at most two ticks late while the process runs.</summary>
    public void Schedule(WheelEntry entry, TimeSpan delay)
    {
        lock (_lock)
        {
            Unlink(entry);
            Link(entry, delay);
        }
    }

    /// <summary>Arms an entry unless it is armed already, for whatever time.</summary>
    public void ScheduleOnce(WheelEntry entry, TimeSpan delay)
    {
        lock (_lock)
        {
            if (!entry.IsArmed)
            {
                Link(entry, delay);
            }
        }
    }

    public void Cancel(WheelEntry entry)
    {
        lock (_lock)
        {
            Unlink(entry);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Turn()
    {
        WheelEntry[] due;
        lock (_lock)
        {
            var now = (long)_time.GetElapsedTime(_start).TotalMilliseconds;
            if (now - Now > LateMilliseconds && Now >= _caughtUp) // not again before the last one is over: else a slow machine would never judge
            {
                _caughtUp = now + CatchUpMilliseconds;
            }

            Volatile.Write(ref _now, now);
            if (now < _caughtUp)
            {
                return;
            }

            var last = Now / TickMilliseconds;
            var first = Math.Max(_tick, last - Slots); // after a long pause one whole turn reaches every slot
            for (_tick = first; _tick < last; _tick++) // a slot is due when all of it has passed
            {
                Collect(_slots[_tick & (Slots - 1)]);
            }

            if (_due.Count == 0)
            {
                return;
            }

            due = [.. _due];
            _due.Clear();
        }

        foreach (var entry in due)
        {
            entry.OnDue(); // outside the lock: it arms entries itself
        }
    }

    private void Collect(WheelEntry? entry)
    {
        while (entry is not null)
        {
            var next = entry.Next;
            if (entry.Due <= Now)
            {
                Unlink(entry);
                _due.Add(entry);
            }

            entry = next;
        }
    }

    private void Link(WheelEntry entry, TimeSpan delay)
    {
        entry.Due = Now + (long)delay.TotalMilliseconds + TickMilliseconds; // Now may be a tick old
        entry.Slot = (int)((entry.Due / TickMilliseconds) & (Slots - 1));
        entry.Next = _slots[entry.Slot];
        if (entry.Next is not null)
        {
            entry.Next.Previous = entry;
        }

        _slots[entry.Slot] = entry;
        entry.IsArmed = true;
    }

    private void Unlink(WheelEntry entry)
    {
        if (!entry.IsArmed)
        {
            return;
        }

        if (entry.Previous is null)
        {
            _slots[entry.Slot] = entry.Next;
        }
        else
        {
            entry.Previous.Next = entry.Next;
        }

        if (entry.Next is not null)
        {
            entry.Next.Previous = entry.Previous;
        }

        entry.Next = entry.Previous = null;
        entry.IsArmed = false;
    }
}

/// <summary>One deadline; the links belong to the wheel.</summary>
internal abstract class WheelEntry
{
    internal WheelEntry? Next, Previous;
    internal int Slot;
    internal long Due;
    internal bool IsArmed;

    /// <summary>Called once per arming, on the timer's thread: it must be short and must not throw.</summary>
    public abstract void OnDue();
}
