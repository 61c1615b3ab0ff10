using Orleans;
using Orleans.Runtime;

namespace GrainMQ.Silo.Embedded;

internal sealed partial class Activation
{
    private readonly WeakReference<IGrainObserver>? _observer;
    private Grain? _grain;
    private DeactivationRequest? _deactivation;
    private List<GrainTimer>? _timers;

    /// <summary>The grain whose constructor runs on this thread finds its activation here.</summary>
    [ThreadStatic] private static Activation? s_constructing;

    public Activation(EmbeddedCluster cluster, GrainId id, int silo)
    {
        Cluster = cluster;
        Id = id;
        Silo = silo;
        _lastUsed = cluster.Collector.Now;
        _blocking = new ActivationRequest { Activation = this };
        Admit(_blocking);
    }

    /// <summary>An observer: an object outside, which lives as long as somebody outside holds it.</summary>
    public Activation(EmbeddedCluster cluster, GrainId id, IGrainObserver observer)
    {
        Cluster = cluster;
        Id = id;
        _observer = new WeakReference<IGrainObserver>(observer);
        _state = State.Active;
    }

    public static Activation? Constructing => s_constructing;

    /// <summary>The virtual silo that it lives on.</summary>
    public int Silo { get; }

    /// <summary>What requests run on.</summary>
    public object Target
    {
        get
        {
            if (_grain is not null) return _grain;
            if (_observer is null) return this; // the activating request builds the grain
            return _observer.TryGetTarget(out var observer) ? observer : throw new ObjectDisposedException(Id.ToString(), "The observer is gone.");
        }
    }

    public async Task ActivateAsync(CancellationToken cancellation)
    {
        s_constructing = this;
        try
        {
            _grain = Id.Class.Create(Cluster.Services);
        }
        finally
        {
            s_constructing = null;
        }
        await _grain.OnActivateAsync(cancellation);
    }

    /// <summary>Ready for calls, in the order in which they came; those that interleave need not wait for those that do not.</summary>
    public void Activated()
    {
        lock (this)
        {
            if (_state != State.Activating) return;
            _state = State.Active;
            Cluster.Failed.Forget(Id);
            var arrived = _waiting.Take();
            while (arrived.Dequeue() is { } request)
            {
                if (Admits(request)) Start(request);
                else _waiting.Enqueue(request);
            }
            Pump();
            Schedule();
        }
    }

    public void DeactivateOnIdle() =>
        Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called."));

    /// <summary>Ends when the running requests are done; what waits goes to the next activation.</summary>
    /// <returns>Ends with the activation.</returns>
    public Task Deactivate(DeactivationReason reason)
    {
        lock (this)
        {
            if (_state == State.Dead) return Task.CompletedTask;
            _deactivation ??= new DeactivationRequest(reason) { Activation = this };
            Pump();
            Schedule();
            return _deactivation.Ended;
        }
    }

    public void DeactivateWhenIdleSince(int quantum)
    {
        lock (this)
        {
            if (_state != State.Active || _running > 0 || _lastUsed > quantum) return;
        }
        _ = Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "It was not used for its collection age."));
    }

    public Task RunDeactivateAsync(DeactivationReason reason, CancellationToken cancellation)
    {
        StopTimers();
        return _grain is null ? Task.CompletedTask : _grain.OnDeactivateAsync(reason, cancellation);
    }

    /// <summary>The end after which nothing runs here. Waiting calls find the next activation.</summary>
    public void End()
    {
        var waiting = Die(lost: false);
        while (waiting.Dequeue() is { } request)
        {
            if (request is GrainCall { IsAnswered: false } call) Cluster.Forward(call, inVain: !_tookCall);
        }
    }

    /// <summary>The end without <c>OnDeactivateAsync</c>: activating failed, or the silo was lost. Waiting calls fail.</summary>
    public void Fail(Exception reason)
    {
        var waiting = Die(lost: reason is SiloLostException);
        while (waiting.Dequeue() is { } request)
        {
            Cluster.Timeouts.Remove(request);
            request.Fail(reason);
        }
    }

    public IGrainTimer RegisterTimer<TState>(Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer<TState>(this, callback, state, options);
        lock (this)
        {
            if (_state is State.Dead or State.Deactivating) throw new InvalidOperationException($"{Id} is being deactivated: too late for a timer.");
            (_timers ??= []).Add(timer);
        }
        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    public void Forget(GrainTimer timer)
    {
        lock (this) _timers?.Remove(timer);
    }

    private void BeginDeactivation(DeactivationRequest request)
    {
        _state = State.Deactivating;
        _blocking = request;
        Admit(request);
    }

    /// <returns>The requests that were never started.</returns>
    private TurnQueue<Request> Die(bool lost)
    {
        TurnQueue<Request> unstarted;
        lock (this)
        {
            _lost |= lost;
            if (_state == State.Dead) return default;
            _state = State.Dead;
            unstarted = lost ? TakeReady() : default;
            while (_waiting.Dequeue() is { } request) unstarted.Enqueue(request);
            _blocking = null;
        }
        Cluster.Catalog.Remove(this);
        StopTimers();
        _deactivation?.SetEnded();
        return unstarted;
    }

    private TurnQueue<Request> TakeReady()
    {
        var requests = new TurnQueue<Request>();
        var ready = _ready.Take();
        while (ready.Dequeue() is { } turn)
        {
            if (turn is Request request) requests.Enqueue(request);
        }
        return requests;
    }

    private void StopTimers()
    {
        List<GrainTimer>? timers;
        lock (this)
        {
            timers = _timers;
            _timers = null;
        }
        timers?.ForEach(timer => timer.Dispose());
    }
}
