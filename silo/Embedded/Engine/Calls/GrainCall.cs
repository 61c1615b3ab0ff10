namespace GrainMQ.Silo.Embedded;

/// <summary>
/// A call of a grain method. The generated subclass of each method holds the arguments in fields. Answers never run the caller's
/// continuation on the grain's stack: no stack dives, and no caller's code inside a turn.
/// </summary>
internal abstract class GrainCall : Request
{
    // Set by Send, before anything reads it.
    private GrainReference? _target;
    private byte _attemptsInVain;

    public GrainReference Target => _target!; // see the field

    public abstract Task Task { get; }

    public sealed override bool IsAnswered => Task.IsCompleted;

    /// <summary>True: the grain runs, but the caller gets a timeout instead of the result.</summary>
    public bool LosesAnswer { get; set; }

    /// <summary>Not null: the process ends in the moment of the answer, which nobody gets.</summary>
    public Action? Crash { get; set; }

    /// <param name="target">Whom to call.</param>
    /// <param name="caller">The request whose turn this is; null outside of grains.</param>
    public void From(GrainReference target, Request? caller)
    {
        _target = target;
        // A caller that has been answered waits for nothing: linking to it would only keep it alive.
        Caller = caller is { IsAnswered: false } ? caller : null;
    }

    /// <summary>The same call once more, with an answer of its own that nobody reads.</summary>
    public GrainCall Copy()
    {
        var copy = (GrainCall)MemberwiseClone();
        copy.ResetAnswer();
        _ = copy.Task.ContinueWith(static task => task.Exception, TaskContinuationOptions.OnlyOnFaulted);
        return copy;
    }

    /// <summary>A grain that deactivates as it activates must not hand its calls on for ever.</summary>
    public bool TryAgain() => _attemptsInVain++ < 2;

    public sealed override void TimeOut(TimeSpan timeout) =>
        Fail(new TimeoutException($"{Name} on {Target.Id} did not answer within {timeout.TotalSeconds:0.###} s."));

    protected abstract void ResetAnswer();

    protected abstract void Answer(Task task);

    protected sealed override void Answer(Task task, bool alive)
    {
        if (!alive) Fail(new SiloLostException(Activation.Id.ToString()));
        else if (Crash is { } crash) crash();
        else if (LosesAnswer) Fail(new TimeoutException($"{Name} on {Target.Id}: the answer was lost (injected fault)."));
        else
        {
            Activation.Cluster.Watch?.Returned(this, task);
            Answer(task);
        }
    }
}

/// <summary>A call of a method that returns <see cref="Task{TResult}"/>.</summary>
internal abstract class GrainCall<TResult> : GrainCall
{
    private TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public sealed override Task Task => _answer.Task;

    public sealed override void Fail(Exception exception) => _answer.TrySetException(exception);

    protected sealed override void ResetAnswer() => _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected sealed override void Answer(Task task)
    {
        if (task is Task<TResult> typed) _answer.TrySetFromTask(typed);
        else _answer.TrySetException(task.Exception!.InnerExceptions); // only a failure to invoke has another type
    }
}

/// <summary>A call of a method that returns <see cref="Task"/>.</summary>
internal abstract class VoidGrainCall : GrainCall
{
    private TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public sealed override Task Task => _answer.Task;

    public sealed override void Fail(Exception exception) => _answer.TrySetException(exception);

    protected sealed override void ResetAnswer() => _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected sealed override void Answer(Task task) => _answer.TrySetFromTask(task);
}
