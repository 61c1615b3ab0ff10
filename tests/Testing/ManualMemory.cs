using GrainMQ.Gateway.Connections;

namespace GrainMQ.Tests.Testing;

/// <summary>The memory of a process, as a test says: a collection gives back what it calls garbage.</summary>
internal sealed class ManualMemory : IProcessMemory
{
    private long _used;
    private long _allocated;
    private int _collections;

    public long Used
    {
        get => Volatile.Read(ref _used);
        set => Volatile.Write(ref _used, value);
    }

    public long Available { get; init; } = 24L << 30;

    public long Allocated
    {
        get => Volatile.Read(ref _allocated);
        set => Volatile.Write(ref _allocated, value);
    }

    /// <summary>Bytes of <see cref="Used"/> that the next collection gives back.</summary>
    public long Garbage { get; set; }

    /// <summary>Called while a collection goes on; it may move the clock.</summary>
    public Action? Collecting { get; set; }

    public int Collections => Volatile.Read(ref _collections);

    public void Collect()
    {
        Collecting?.Invoke();
        Used -= Garbage;
        Garbage = 0;
        Interlocked.Increment(ref _collections);
    }
}
