namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Measures what the process takes, and gives garbage back to the system before it is judged. .NET collects when something is allocated: after a burst
/// nothing is, and the working set would stay where the burst has brought it. Used by <see cref="MemoryGuard"/> alone, once a second.
/// </summary>
/// <remarks>
/// A collection stops every thread, by some 50 to 100 ms for each GB in use. So there is one only when it may be of use, and the longer the last one took,
/// the later comes the next: <see cref="Pauses"/>.
/// </remarks>
internal sealed class GarbageReturn
{
    /// <summary>
    /// Least time between two collections, and how many times the last one's duration. Near the limit; while the process is quiet and has grown; while
    /// it is quiet, for what was in use at the last collection and is not any more.
    /// </summary>
    private static readonly (TimeSpan Near, TimeSpan Grown, TimeSpan Quiet) Pauses =
        (TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));

    /// <summary>Bytes that are worth a collection; a quarter of the last measure, if that is more.</summary>
    private const long Worth = 32 * 1024 * 1024;

    /// <summary>Bytes allocated from one look to the next, below which the process is quiet.</summary>
    private const long Quiet = 4 * 1024 * 1024;

    /// <summary>How often the pause near the limit doubles while collections give nothing back: what is in use then is held.</summary>
    private const int MostDoublings = 3;

    private readonly IProcessMemory _memory;
    private readonly TimeProvider _time;
    private long _least;
    private long _allocated;
    private long _collectedAt;
    private TimeSpan _took;
    private int _inVain;

    public GarbageReturn(IProcessMemory memory, TimeProvider time)
    {
        (_memory, _time, _least, _allocated) = (memory, time, memory.Used, memory.Allocated);
        _collectedAt = time.GetTimestamp();
    }

    /// <summary>Looks what the process takes, after a collection if one is due.</summary>
    /// <param name="near">Bytes from which on the limit is near.</param>
    /// <returns>Bytes in use, and those that a collection has just given back; 0: there was none.</returns>
    public (long Used, long Returned) Measure(long near)
    {
        var allocated = _memory.Allocated;
        var isQuiet = allocated - _allocated < Quiet;
        _allocated = allocated;
        var used = _memory.Used;
        _least = Math.Min(_least, used);
        return IsDue(used, near, isQuiet) ? Collect(used) : (used, 0);
    }

    private bool IsDue(long used, long near, bool isQuiet)
    {
        if (used >= near)
        {
            return HasPassed(Pauses.Near * (1 << _inVain), 20);
        }

        var hasGrown = used - _least > Math.Max(Worth, _least / 4);
        return isQuiet && (hasGrown ? HasPassed(Pauses.Grown, 50) : HasPassed(Pauses.Quiet, 1000));
    }

    private (long Used, long Returned) Collect(long before)
    {
        var start = _time.GetTimestamp();
        _memory.Collect();
        _collectedAt = _time.GetTimestamp();
        _took = _time.GetElapsedTime(start, _collectedAt);
        _least = _memory.Used;
        var returned = Math.Max(0, before - _least);
        _inVain = returned > before / 50 ? 0 : Math.Min(_inVain + 1, MostDoublings);
        return (_least, returned);
    }

    private bool HasPassed(TimeSpan pause, int times)
    {
        var least = pause > _took * times ? pause : _took * times;
        return _time.GetElapsedTime(_collectedAt) >= least;
    }
}
