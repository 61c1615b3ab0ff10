namespace GrainMQ.Tests.Simulation;

/// <summary>What has happened in a simulation, in order: turns, calls, faults, deaths, jumps of the clock. The same seed writes the same.</summary>
public sealed class SimulationTrace
{
    private readonly Lock _lock = new();
    private readonly List<string>? _lines;
    private ulong _hash = Fnv.Offset;

    internal SimulationTrace(bool keepsLines) => _lines = keepsLines ? [] : null;

    /// <summary>Of every line so far. Two runs with the same hash did the same in the same order.</summary>
    public ulong Hash => _hash;

    public long Turns { get; private set; }

    public long Calls { get; private set; }

    /// <summary>How often nothing could run and the clock moved on to the next timer.</summary>
    public long TimeJumps { get; private set; }

    /// <summary>For people; empty unless <see cref="SimulatedClusterOptions.KeepsTrace"/>.</summary>
    public IReadOnlyList<string> Lines => _lines ?? [];

    public override string ToString() => string.Join(Environment.NewLine, Lines);

    internal void Turn(TurnOwner owner)
    {
        lock (_lock)
        {
            Turns++;
            Write("turn", owner.Name);
        }
    }

    internal void Call(string what)
    {
        lock (_lock)
        {
            Calls++;
            Write("call", what);
        }
    }

    internal void TimeJump(DateTimeOffset now)
    {
        lock (_lock)
        {
            TimeJumps++;
            _hash = Fnv.Add(_hash, (ulong)now.UtcTicks);
            _lines?.Add($"time {now:HH:mm:ss.fffffff}");
        }
    }

    internal void Add(string what, string who)
    {
        lock (_lock)
        {
            Write(what, who);
        }
    }

    private void Write(string what, string who)
    {
        _hash = Fnv.Hash(who, Fnv.Hash(what, _hash));
        _lines?.Add($"{what} {who}");
    }
}
