namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>What was done to brokers, by kind, and where they died.</summary>
internal sealed class FaultCounts
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int> _kinds = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _deaths = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Kinds => _kinds.Keys;

    /// <summary>The awaits at which a process was killed.</summary>
    public IReadOnlyCollection<string> Deaths => _deaths.Keys;

    public bool Has(string kind)
    {
        lock (_lock)
        {
            return _kinds.ContainsKey(kind);
        }
    }

    public void Add(string kind, int times = 1)
    {
        lock (_lock)
        {
            _kinds[kind] = _kinds.GetValueOrDefault(kind) + times;
        }
    }

    public void AddDeath(string where)
    {
        lock (_lock)
        {
            _deaths[where] = _deaths.GetValueOrDefault(where) + 1;
        }
    }

    public void Add(FaultCounts other)
    {
        foreach (var (kind, times) in other._kinds)
        {
            Add(kind, times);
        }

        foreach (var (where, times) in other._deaths)
        {
            _deaths[where] = _deaths.GetValueOrDefault(where) + times;
        }
    }

    public override string ToString() =>
        $"faults: {Listed(_kinds)}\ndied at: {Listed(_deaths)}";

    private static string Listed(SortedDictionary<string, int> counts) => string.Join(", ", counts.Select(pair => $"{pair.Key} {pair.Value}"));
}
