namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>One thing that a lane carries out and its caller awaits.</summary>
internal abstract class LogChange
{
    /// <summary>Carries it out and completes it.</summary>
    public abstract void Run();

    /// <summary>Runs what is not part of a lane; throws nothing.</summary>
    public void RunAlone()
    {
        try
        {
            Run();
        }
        catch (Exception e) // the caller must get it, or it would wait for ever
        {
            Throw(e);
        }
    }

    /// <summary>Ends an unexpected exception of the change at the caller that awaits it.</summary>
    public abstract void Throw(Exception error);
}

/// <summary>A change with an answer.</summary>
/// <typeparam name="T">What the caller gets.</typeparam>
internal class LogChange<T>(Func<T> body) : LogChange
{
    // The continuation is the caller's: it must not run on the thread that the next append waits for.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _done.Task;

    public override void Run() => Complete(body());

    public override void Throw(Exception error) => _done.TrySetException(error);

    public void Complete(T reply) => _done.TrySetResult(reply);
}
