using System.Collections.Concurrent;

namespace GrainMQ.Tests.Embedded;

/// <summary>What grains did, in order, and gates that hold them where a test wants them.</summary>
public sealed class Journal
{
    private readonly Lock _lock = new();
    private readonly List<string> _entries = [];
    private readonly List<(string Entry, int Times, TaskCompletionSource Seen)> _waiters = [];
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();

    public string[] Entries
    {
        get
        {
            lock (_lock) return [.. _entries];
        }
    }

    public void Write(string entry)
    {
        lock (_lock)
        {
            _entries.Add(entry);
            foreach (var waiter in _waiters.Where(waiter => Count(waiter.Entry) >= waiter.Times)) waiter.Seen.TrySetResult();
        }
    }

    /// <summary>Ends when the entry was written so many times.</summary>
    public Task Seen(string entry, int times = 1)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (Count(entry) >= times) return Task.CompletedTask;
            _waiters.Add((entry, times, seen));
        }
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    public int Count(string entry)
    {
        lock (_lock) return _entries.Count(one => one == entry);
    }

    /// <summary>Closed until <see cref="Open"/>.</summary>
    public Task Gate(string name) => GateOf(name).Task;

    public void Open(string name) => GateOf(name).TrySetResult();

    /// <summary>Opens every gate that anybody has met, so that the end of a test does not wait for one.</summary>
    public void OpenAll()
    {
        foreach (var gate in _gates.Values) gate.TrySetResult();
    }

    private TaskCompletionSource GateOf(string name) =>
        _gates.GetOrAdd(name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
