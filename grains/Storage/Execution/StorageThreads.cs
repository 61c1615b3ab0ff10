using System.Collections.Concurrent;

namespace GrainMQ.Grains.Storage.Execution;

/// <summary>
/// Threads that wait for the disk. Not those of the pool: a few of them in fsync at once would leave a small machine none for its
/// connections.
/// </summary>
internal sealed class StorageThreads : IStorageExecutor
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread[] _threads;

    public StorageThreads(string name, int count)
    {
        _threads = [.. Enumerable.Range(0, count).Select(index => new Thread(Run) { IsBackground = true, Name = $"{name} {index}" })];
        foreach (var thread in _threads)
            thread.Start();
    }

    public bool IsShared => true;

    public void Queue(Action work) => _work.Add(work);

    /// <summary>Runs what was queued before and ends the threads.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (var thread in _threads)
            thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
            work();
    }
}
