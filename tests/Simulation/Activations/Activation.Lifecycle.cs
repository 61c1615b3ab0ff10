using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Tests.Simulation;

internal sealed partial class Activation
{
    private readonly Queue<Func<Task>> _operations = new();
    private readonly HashSet<GrainTimer> _timers = [];
    private readonly TaskCompletionSource _deactivated;
    private readonly AsyncServiceScope _scope;
    private TimeLimit? _limit;
    private Grain? _grain;
    private ActivationState _state;
    private DeactivationReason _reason;
    private bool _isOperating;

    /// <summary>Under the gate.</summary>
    public Activation(SimulatedCluster cluster, GrainName name, int silo, long number)
    {
        (_cluster, Name, Silo) = (cluster, name, silo);
        _scheduler = new TurnScheduler(cluster.Queue, new TurnOwner($"{name}#{number}", this));
        _scope = cluster.Services.CreateAsyncScope();
        _deactivated = new TaskCompletionSource(cluster.Options.IsDriven ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        _lastUsed = cluster.Time.GetTimestamp();
        Begin(ActivateAsync);
    }

    /// <summary>After so long without use it is collected; infinite: never.</summary>
    public TimeSpan AgeLimit => Name.Kind.AgeLimit ?? Options.CollectionAge;

    /// <summary>Nothing starts here any more.</summary>
    public bool IsInvalid => _state == ActivationState.Invalid;

    /// <summary>Ends when the running requests are done; what waits goes to the next activation. Under the gate.</summary>
    public void Deactivate(DeactivationReason reason)
    {
        if (_state is ActivationState.Deactivating or ActivationState.Invalid)
        {
            return;
        }

        _reason = reason;
        var before = _state;
        _state = ActivationState.Deactivating;
        if (before == ActivationState.Activating)
        {
            _limit?.Expire();
        }

        Begin(() => DeactivateAsync(isKnown: before == ActivationState.Valid));
    }

    /// <summary>Under the gate.</summary>
    public void DeactivateWhenIdle()
    {
        if (_state == ActivationState.Valid && _running.Count == 0 && _waiting.Count == 0 && AgeLimit != Timeout.InfiniteTimeSpan
            && _cluster.Time.GetElapsedTime(_lastUsed) >= AgeLimit)
        {
            Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"It was not used for {AgeLimit}."));
        }
    }

    /// <summary>Its silo dies: no goodbye. Under the gate.</summary>
    public void Lose()
    {
        IsLost = true;
        _state = ActivationState.Invalid;
        _cluster.Queue.Drop(_scheduler.Owner);
        _waiting.Clear();
        StopTimers();
        SetDeactivated();
    }

    public void Add(GrainTimer timer)
    {
        lock (_cluster.Gate)
        {
            _timers.Add(timer);
        }
    }

    public void Remove(GrainTimer timer)
    {
        lock (_cluster.Gate)
        {
            _timers.Remove(timer);
        }
    }

    private void Begin(Func<Task> operation)
    {
        _operations.Enqueue(operation);
        Signal();
    }

    /// <summary>What begins or ends the activation runs alone, and what is asked of it then waits.</summary>
    private Func<Task>? NextOperation()
    {
        if (_isOperating || IsLost || _running.Count > 0 || !_operations.TryDequeue(out var operation))
        {
            return null;
        }

        _isOperating = true;
        return operation;
    }

    private async Task OperateAsync(Func<Task> operation)
    {
        await operation();
        lock (_cluster.Gate)
        {
            _isOperating = false;
            Signal();
        }
    }

    private async Task ActivateAsync()
    {
        Exception? failure = null;
        try
        {
            _grain = Name.Kind.Create(_scope.ServiceProvider);
            await LimitAsync(_grain.OnActivateAsync, Options.ActivationTimeout);
        }
        catch (Exception e)
        {
            failure = e;
        }
        lock (_cluster.Gate)
        {
            if (failure is not null)
            {
                Fail(failure);
            }
            else if (_state == ActivationState.Activating)
            {
                _state = ActivationState.Valid;
            }
        }
    }

    /// <summary>Those who wait get the reason.</summary>
    private void Fail(Exception failure)
    {
        if (failure is OperationCanceledException && _limit?.Token.IsCancellationRequested == true)
        {
            Deactivate(new DeactivationReason(DeactivationReasonCode.RuntimeRequested, failure, "Activation was cancelled by the runtime."));
        }
        else
        {
            _cluster.Logger.ActivationFailed(failure, Name);
            Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationFailed, failure, "Failed to activate grain."));
        }
    }

    private async Task DeactivateAsync(bool isKnown)
    {
        StopTimers();
        try
        {
            if (isKnown && _grain is not null)
            {
                await LimitAsync(token => _grain.OnDeactivateAsync(_reason, token), Options.DeactivationTimeout);
            }
        }
        catch (Exception e)
        {
            _cluster.Logger.DeactivationFailed(e, Name, _reason.ReasonCode);
        }
        await _scope.DisposeAsync();
        lock (_cluster.Gate)
        {
            _cluster.Catalog.Remove(this);
            _state = ActivationState.Invalid;
            SetDeactivated();
        }
    }

    /// <summary>Waits until it has ended, has taken too long, or is no longer wanted, whichever comes first.</summary>
    private async Task LimitAsync(Func<CancellationToken, Task> begin, TimeSpan longest)
    {
        var limit = new TimeLimit();
        lock (_cluster.Gate)
        {
            _limit = limit;
            _cluster.Deadlines.Add(limit, longest);
        }
        await limit.Watch(begin(limit.Token));
    }

    /// <summary>What waited finds the next activation, or the reason why this one never was.</summary>
    private void HandOn()
    {
        var calls = _waiting.OfType<Call>().ToArray();
        _waiting.Clear();
        foreach (var call in calls)
        {
            _cluster.Messages.Forward(call, _reason.Exception);
        }
    }

    private void SetDeactivated() => _cluster.Queue.Add($"{this} has ended", () => _deactivated.TrySetResult());

    private void StopTimers()
    {
        GrainTimer[] timers;
        lock (_cluster.Gate)
        {
            timers = [.. _timers];
            _timers.Clear();
        }
        foreach (var timer in timers)
        {
            timer.Dispose();
        }
    }
}
