namespace GrainMQ.Grains.Sessions;

/// <summary>Lets hanging calls wait for the next change of their grain, or for a time.</summary>
internal sealed class ChangeSignal(TimeProvider time)
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
        await Task.WhenAny(next, elapsed.Task);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
