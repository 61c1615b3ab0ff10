namespace GrainMQ.Tests.Simulation;

/// <summary>
/// The end of something that may take too long, or may no longer be wanted. <see cref="Task.WaitAsync(CancellationToken)"/> would do, but goes on
/// on the thread pool.
/// </summary>
internal sealed class TimeLimit : IExpiring
{
    private readonly CancellationTokenSource _given = new();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cancelled when it is given up.</summary>
    public CancellationToken Token => _given.Token;

    public bool IsOver => _end.Task.IsCompleted;

    public Task Watch(Task task)
    {
        _ = EndWithAsync(task);
        return _end.Task;
    }

    public void Expire()
    {
        _given.Cancel();
        _end.TrySetException(new TaskCanceledException());
    }

    private async Task EndWithAsync(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (task.IsCompletedSuccessfully)
        {
            _end.TrySetResult();
        }
        else
        {
            _end.TrySetException(task.Exception?.InnerException ?? new TaskCanceledException(task));
        }
    }
}
