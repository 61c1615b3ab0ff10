namespace GrainMQ.Silo.Embedded;

/// <summary>
/// One thing that an activation is asked to do, from its first turn to the end of its task: a call, a timer tick, activating,
/// deactivating. It is its own synchronization context: an await inside it comes back to its activation, and any turn knows on whose
/// behalf it runs without an <see cref="AsyncLocal{T}"/>.
/// </summary>
internal abstract class Request : SynchronizationContext, ITurn
{
    // Set before the request is queued anywhere.
    private Activation? _activation;

    public static Request? Running => Current as Request;

    public ITurn? Next { get; set; }

    public Activation Activation
    {
        get => _activation!; // see the field
        set => _activation = value;
    }

    /// <summary>The request whose turn sent this one; cleared at the end, so that chains of answered calls are not kept alive.</summary>
    public Request? Caller { get; protected set; }

    public Deadline? Deadline { get; set; }

    /// <summary>For people: interface and method.</summary>
    public abstract string Name { get; }

    /// <summary>May run between the turns of others.</summary>
    public virtual bool Interleaves => false;

    /// <summary>Counts as use of the activation.</summary>
    public virtual bool KeepsAlive => true;

    /// <summary>Answered already (timed out, silo lost): not worth starting.</summary>
    public virtual bool IsAnswered => false;

    /// <summary>Ends without a result. Only the first end counts.</summary>
    public abstract void Fail(Exception exception);

    /// <summary>The call timeout has passed.</summary>
    public abstract void TimeOut(TimeSpan timeout);

    public void Run()
    {
        if (!Activation.TryStart(this)) return;
        Enter();
        try
        {
            var task = InvokeSafely();
            if (task.IsCompleted) End(task);
            else Await(task);
        }
        finally
        {
            Leave();
        }
    }

    public void Enter() => SetSynchronizationContext(Activation.Id.Class == GrainClass.Observer ? null : this);

    public static void Leave() => SetSynchronizationContext(null);

    public override void Post(SendOrPostCallback d, object? state) => Activation.Post(new Continuation(this, d, state));

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("A grain cannot be entered synchronously.");

    public override SynchronizationContext CreateCopy() => this;

    protected abstract Task Invoke(object target);

    /// <summary>The task has ended, on the activation, after the activation took note of it.</summary>
    /// <param name="task">What the grain returned.</param>
    /// <param name="alive">False when the activation's silo was lost meanwhile.</param>
    protected abstract void Answer(Task task, bool alive);

    private Task InvokeSafely()
    {
        try
        {
            return Invoke(Activation.Target) ?? throw new InvalidOperationException($"{Name} on {Activation.Id} returned null instead of a task.");
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    private void Await(Task task)
    {
        Activation.Cluster.Timeouts.Add(this);
        _ = EndWhenDone(task);
    }

    private async Task EndWhenDone(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        End(task);
    }

    private void End(Task task)
    {
        Activation.Cluster.Timeouts.Remove(this);
        var alive = Activation.Finish(this);
        Caller = null;
        Answer(task, alive);
    }
}
