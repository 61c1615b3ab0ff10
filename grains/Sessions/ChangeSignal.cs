namespace GrainMQ.Grains.Sessions;

/// <summary>Lets hanging calls wait for the next change of their grain, or for a time, which is over when the silo stops.</summary>
internal sealed class ChangeSignal(TimeProvider time, CancellationToken stopping)
{
    private TaskCompletionSource _next = New();

    public void Raise()
    {
        var raised = _next;
        _next = New();
        raised.TrySetResult();
    }

    /// <summary>Completes at the next <see cref="Raise"/> or after so many milliseconds.</summary>
    public async Task WaitAsync(long milliseconds)
    {
        var elapsed = New();
        var next = _next.Task;
        await using var timer = time.CreateTimer(
            state => ((TaskCompletionSource)state!).TrySetResult(), // the state is the argument below
            elapsed, TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
        using var stop = stopping.UnsafeRegister(state => ((TaskCompletionSource)state!).TrySetResult(), elapsed); // likewise
        await Task.WhenAny(next, elapsed.Task);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
