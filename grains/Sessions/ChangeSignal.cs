namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Lets hanging calls wait for the next change of their grain, or for a time, which is over when the silo stops. Each waits for something of its
/// own, so that whatever ends it, the call goes on at its activation and nowhere else.
/// </summary>
internal sealed class ChangeSignal(TimeProvider time, CancellationToken stopping)
{
    private readonly LinkedList<TaskCompletionSource> _waiting = [];

    /// <summary>In a turn of the grain, as everything here but the timer and the stop.</summary>
    public void Raise()
    {
        while (_waiting.First is { } waiting)
        {
            _waiting.RemoveFirst();
            waiting.Value.TrySetResult();
        }
    }

    /// <summary>Completes at the next <see cref="Raise"/> or after so many milliseconds.</summary>
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
