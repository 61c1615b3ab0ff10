using System.Diagnostics;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Tests.Testing.LogStore;

/// <summary>Keeps the storage's work until the test runs it, in an order that comes from a seed: any thread may be first.</summary>
public sealed class StepExecutor(Random random) : IStorageExecutor
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private readonly List<Action> _work = [];

    public bool IsShared => true;

    /// <summary>False: the disk is so fast that work is done at once, on the caller's thread; what is kept already stays. Default: true.</summary>
    public bool IsHeld { get; set; } = true;

    public void Queue(Action work)
    {
        if (IsHeld)
        {
            lock (_lock)
            {
                _work.Add(work);
            }
        }
        else
        {
            work();
        }
    }

    /// <summary>False when there is nothing to do.</summary>
    public bool RunOne()
    {
        var work = Take();
        work?.Invoke();
        return work is not null;
    }

    public void RunAll()
    {
        while (RunOne())
        {
        }
    }

    /// <summary>Runs until a call has its answer: between two steps of it the pool has a turn.</summary>
    public void RunUntil(Task call)
    {
        var started = Stopwatch.GetTimestamp();
        for (RunAll(); !call.IsCompleted; RunAll())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException("The store has nothing to do, and a call has no answer.");
            }

            Thread.Yield();
        }
    }

    private Action? Take()
    {
        lock (_lock)
        {
            if (_work.Count == 0)
            {
                return null;
            }

            var index = random.Next(_work.Count);
            var work = _work[index];
            _work.RemoveAt(index);
            return work;
        }
    }

    public void Dispose() => RunAll();
}
