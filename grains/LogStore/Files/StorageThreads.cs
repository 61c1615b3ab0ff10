using System.Diagnostics.CodeAnalysis;

namespace GrainMQ.Grains.LogStore.Files;

/// <summary>
/// Runs work on threads that wait for the disk. They are not those of the pool: a few of them in fsync at once would leave a small machine
/// none for its connections. They sleep as soon as there is nothing to do: spinning first, as the framework's collections do, takes the
/// processor from the threads that would give them work.
/// </summary>
internal sealed class StorageThreads : IStorageExecutor
{
    private readonly object _gate = new();
    private readonly Queue<Action> _work = [];
    private readonly Thread[] _threads;
    private bool _isEnding;
    private bool _isOver;

    public StorageThreads(string name, int count)
    {
        _threads = [.. Enumerable.Range(0, count).Select(index => new Thread(Run) { IsBackground = true, Name = $"{name} {index}" })];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    public bool IsShared => true;

    public void Queue(Action work)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            _work.Enqueue(work);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Runs what was queued before, and what that queues, and ends the threads.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
        }
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        lock (_gate)
        {
            _isOver = true;
        }
    }

    private void Run()
    {
        while (TryTake(out var work))
        {
            work();
        }
    }

    private bool TryTake([NotNullWhen(true)] out Action? work)
    {
        lock (_gate)
        {
            while (!_work.TryDequeue(out work) && !_isEnding)
            {
                Monitor.Wait(_gate);
            }

            return work is not null;
        }
    }
}
