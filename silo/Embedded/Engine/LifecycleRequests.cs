using Orleans;

namespace GrainMQ.Silo.Embedded;

/// <summary>Builds the grain and runs <c>OnActivateAsync</c>, before any call.</summary>
internal sealed class ActivationRequest : Request
{
    public override string Name => "OnActivateAsync";

    public override void Fail(Exception exception)
    {
        if (exception is not SiloLostException && Activation.Cluster.Failed.IsNews(Activation.Id)) Activation.Cluster.Logger.ActivationFailed(exception, Activation.Id);
        Activation.Fail(exception);
    }

    public override void TimeOut(TimeSpan timeout) =>
        Fail(new TimeoutException($"{Activation.Id} did not activate within {timeout.TotalSeconds:0.###} s."));

    protected override Task Invoke(object target) => Activation.ActivateAsync(Activation.Cluster.HardStop);

    protected override void Answer(Task task, bool alive)
    {
        if (!alive) return;
        if (task.IsCompletedSuccessfully) Activation.Activated();
        else Fail(task.Exception?.InnerException ?? new TaskCanceledException(task));
    }
}

/// <summary>Runs <c>OnDeactivateAsync</c> when everything else on the activation is done.</summary>
internal sealed class DeactivationRequest(DeactivationReason reason) : Request
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    public override string Name => "OnDeactivateAsync";

    public void SetEnded() => _ended.TrySetResult();

    public override void Fail(Exception exception)
    {
        if (exception is not SiloLostException && Activation.Cluster.Failed.IsNews(Activation.Id)) Activation.Cluster.Logger.DeactivationFailed(exception, Activation.Id, reason.ReasonCode);
        Activation.End();
    }

    public override void TimeOut(TimeSpan timeout) =>
        Fail(new TimeoutException($"{Activation.Id} did not deactivate within {timeout.TotalSeconds:0.###} s."));

    protected override Task Invoke(object target) => Activation.RunDeactivateAsync(reason, Activation.Cluster.HardStop);

    protected override void Answer(Task task, bool alive)
    {
        if (!alive) return;
        if (task.IsCompletedSuccessfully) Activation.End();
        else Fail(task.Exception?.InnerException ?? new TaskCanceledException(task));
    }
}
