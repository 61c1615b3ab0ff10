using GrainMQ.Grains;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Deadlines of all connections on one timer: slots of 100 ms, each a linked list, so that arming and cancelling are O(1) and an
/// idle connection costs no timer object. An entry that is due further away than one turn waits in its slot for the next turn.
/// It also keeps the clock that the data path reads, which is never older than one tick.
/// </summary>
internal sealed class TimerWheel : IDisposable
{
    public const int TickMilliseconds = 100;
    private const int Slots = 512;

    private readonly Lock _lock = new();
    private readonly WheelEntry?[] _slots = new WheelEntry?[Slots];
    private readonly List<WheelEntry> _due = [];
    private readonly SteadyClock _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private long _tick;
    private long _now;

    public TimerWheel(SteadyClock time)
    {
        _time = time;
        _start = time.GetTimestamp();
        var period = TimeSpan.FromMilliseconds(TickMilliseconds);
        _timer = time.CreateTimer(static wheel => ((TimerWheel)wheel!).Turn(), this, period, period); // state is this, never null
    }

    /// <summary>Milliseconds since the wheel was made, monotonic, at most one tick old.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>Unix milliseconds of the <see cref="SteadyClock"/>, at most one tick old.</summary>
    public long UnixNow => _time.UnixOf(_start) + Now;

    /// <summary>Arms or re-arms an entry; it never fires early, and at most two ticks late.</summary>
    public void Schedule(WheelEntry entry, TimeSpan delay)
    {
        lock (_lock)
        {
            Unlink(entry);
            entry.Due = Now + (long)delay.TotalMilliseconds + TickMilliseconds; // Now may be a tick old
            Link(entry);
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
            Volatile.Write(ref _now, (long)_time.GetElapsedTime(_start).TotalMilliseconds);
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

    private void Link(WheelEntry entry)
    {
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
