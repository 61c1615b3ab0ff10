namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Lets hanging calls wait for the next change of their grain, or for a time; the wait is over when the silo stops. Each call waits for a task
/// of its own, so that it goes on at its activation, whatever ends the wait.
/// </summary>
internal sealed class ChangeSignal(TimeProvider time, CancellationToken stopping)
{
    private readonly LinkedList<TaskCompletionSource> _waiting = [];

    /// <summary>Ends every wait. Called in a turn of the grain, as is everything here but the timer and the stop.</summary>
    public void Raise()
    {
        while (_waiting.First is { } waiting)
        {
            _waiting.RemoveFirst();
            waiting.Value.TrySetResult();
        }
    }

    /// <summary>Waits for the next <see cref="Raise"/>, or for so many milliseconds.</summary>
    public async Task WaitAsync(long milliseconds)
    {
        // completing it does not run the call but queues it at its activation
        var waiting = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        using var timer = time.CreateTimer(Complete, waiting.Value, TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
        using var stop = stopping.UnsafeRegister(Complete, waiting.Value);
        await waiting.Value.Task;
        if (waiting.List is not null)
        {
            _waiting.Remove(waiting);
        }
    }

    private static void Complete(object? waiting) => ((TaskCompletionSource)waiting!).TrySetResult(); // the state that was given with it
}
