using System.Collections.Concurrent;

namespace GrainMQ.Tests.Grains.Simulation;

/// <summary>What probe grains did, in order, and gates that hold them where a test wants them.</summary>
public sealed class Journal
{
    private readonly ConcurrentQueue<string> _entries = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();

    public string[] Entries => [.. _entries];

    public void Write(string entry) => _entries.Enqueue(entry);

    public int Count(string entry) => _entries.Count(one => one == entry);

    /// <summary>Closed until <see cref="Open"/>.</summary>
    public Task Gate(string name) => GateOf(name).Task;

    public void Open(string name) => GateOf(name).TrySetResult();

    private TaskCompletionSource GateOf(string name) =>
        _gates.GetOrAdd(name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
