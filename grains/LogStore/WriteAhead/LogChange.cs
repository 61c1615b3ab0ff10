namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>One thing that a lane carries out and somebody awaits.</summary>
internal abstract class LogChange
{
    public abstract void Run();

    /// <summary>For what is not part of a lane.</summary>
    public void RunAlone()
    {
        try
        {
            Run();
        }
        catch (Exception e) // whatever it is, the one who awaits must learn of it
        {
            Throw(e);
        }
    }

    /// <summary>The change met what nobody expected; the awaiting caller gets the exception.</summary>
    public abstract void Throw(Exception error);
}

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
