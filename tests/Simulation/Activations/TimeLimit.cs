namespace GrainMQ.Tests.Simulation;

/// <summary>
/// The end of something that may take too long. <see cref="Task.WaitAsync(CancellationToken)"/> would do, but goes on on the thread pool.
/// </summary>
/// <param name="given">Told when it is given up.</param>
internal sealed class TimeLimit(CancellationTokenSource given) : IExpiring
{
    private readonly TaskCompletionSource _end = new();

    public bool IsOver => _end.Task.IsCompleted;

    public Task Watch(Task task)
    {
        _ = EndWithAsync(task);
        return _end.Task;
    }

    public void Expire()
    {
        given.Cancel();
        Cancel();
    }

    public void Cancel() => _end.TrySetException(new TaskCanceledException());

    private async Task EndWithAsync(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (task.IsCompletedSuccessfully)
            _end.TrySetResult();
        else
            _end.TrySetException(task.Exception?.InnerException ?? new TaskCanceledException(task));
    }
}
