using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Simulation;

/// <summary>
/// Takes turns on the thread of the test, and moves the clock when there are none: nothing depends on threads or on real time, so a seed
/// does the same in every run.
/// </summary>
/// <param name="queue">What can happen.</param>
/// <param name="trace">Told what does.</param>
/// <param name="time">Jumps to the next timer when nothing can run.</param>
/// <param name="idleTimers">Armed timers whose ticks change nothing: when there are no others, time cannot help.</param>
internal sealed class DrivenRun(RunQueue queue, SimulationTrace trace, ManualTimeProvider time, Func<int> idleTimers)
{
    private int _thread;
    private string? _stranger;

    /// <summary>Until the task has ended, however much time that takes.</summary>
    public void Run(Task task) => Run(() => !task.IsCompleted && (TakeTurn() || PassTime()));

    /// <summary>Until there are no turns.</summary>
    public void RunReady() => Run(TakeTurn);

    private void Run(Func<bool> step)
    {
        if (Interlocked.CompareExchange(ref _thread, Environment.CurrentManagedThreadId, 0) != 0)
        {
            throw new InvalidOperationException("The simulation runs already.");
        }

        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null); // or every await in a turn would come back to the test instead of its owner
        queue.Added = CheckThread;
        try
        {
            while (step() && _stranger is null)
            {
                // one step at a time
            }
            if (_stranger is not null)
            {
                throw new InvalidOperationException(_stranger);
            }
        }
        finally
        {
            queue.Added = null;
            SynchronizationContext.SetSynchronizationContext(context);
            _thread = 0;
        }
    }

    private bool TakeTurn()
    {
        if (!queue.TryTake(out var next))
        {
            return false;
        }

        trace.Turn(next.Owner);
        next.Owner.Run(next.Turn);
        return true;
    }

    private bool PassTime()
    {
        if (time.ArmedTimers <= idleTimers() || !time.AdvanceToNextTimer())
        {
            throw new SimulationStuckException();
        }

        trace.TimeJump(time.GetUtcNow());
        return true;
    }

    /// <summary>What comes from another thread comes at another moment in the next run.</summary>
    private void CheckThread(TurnOwner owner)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            _stranger ??= $"A turn of {owner.Name} was added by another thread: something waits on the thread pool or for real time. {Environment.StackTrace}";
        }
    }
}
