namespace GrainMQ.Tests.Simulation;

/// <summary>The tasks of one owner become its turns. What it awaits comes back to it.</summary>
internal sealed class TurnScheduler(RunQueue queue, TurnOwner owner) : TaskScheduler
{
    public override int MaximumConcurrencyLevel => 1;

    public TurnOwner Owner => owner;

    /// <summary>A turn that begins something, without the async-local values of the one who asks for it.</summary>
    public void Post(Action turn)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            Begin(turn);
            return;
        }
        using (ExecutionContext.SuppressFlow())
        {
            Begin(turn);
        }
    }

    protected override void QueueTask(Task task) => queue.Add(owner, () => TryExecuteTask(task));

    /// <remarks>As Orleans does: at once only inside a turn of the same owner, and never out of the order of the queue.</remarks>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && TurnOwner.Running == owner && TryExecuteTask(task);

    protected override IEnumerable<Task>? GetScheduledTasks() => null;

    private void Begin(Action turn) => Task.Factory.StartNew(turn, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);
}
