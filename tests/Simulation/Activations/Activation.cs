using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>
/// One grain in memory. Its turns are those of its scheduler, one at a time; this part lets requests in as reentrancy allows,
/// <c>Activation.Lifecycle.cs</c> is how it begins and ends, <c>Activation.Context.cs</c> what Orleans sees of it.
/// </summary>
/// <remarks>
/// <code>
/// Receive ─► _waiting ─ Signal ─► a turn: Pump ─► OnActivateAsync | OnDeactivateAsync | one request that may run
///                          ▲                          │
///                          └──────── its task ends ───┘──► answer
/// </code>
/// A request has a turn of its own, where Orleans may start several in one: every order of turns that Orleans can produce is possible here,
/// and none that it cannot. Everything but the turns themselves is guarded by the cluster's gate.
/// </remarks>
internal sealed partial class Activation
{
    private readonly SimulatedCluster _cluster;
    private readonly TurnScheduler _scheduler;
    private readonly List<Request> _waiting = [];
    private readonly List<Request> _running = [];
    /// <summary>The one request that no other may pass, unless it interleaves.</summary>
    private Request? _blocking;
    private bool _isSignaled;
    private long _lastUsed;

    public GrainName Name { get; }

    public int Silo { get; }

    /// <summary>Its silo is dead: what was running does not go on.</summary>
    public bool IsLost { get; private set; }

    private SimulatedClusterOptions Options => _cluster.Options;

    public override string ToString() => _scheduler.Owner.Name;

    /// <summary>Under the gate.</summary>
    public void Receive(Request request)
    {
        if (IsLost)
        {
            return;
        }

        _waiting.Add(request);
        Signal();
    }

    private void Signal()
    {
        if (_isSignaled || IsLost)
        {
            return;
        }

        _isSignaled = true;
        _scheduler.Post(Pump);
    }

    private void Pump()
    {
        Func<Task>? operation;
        Request? request = null;
        lock (_cluster.Gate)
        {
            _isSignaled = false;
            operation = NextOperation();
            if (operation is null && !_isOperating && !IsLost)
            {
                request = NextRequest();
            }
        }
        if (operation is not null)
        {
            _ = OperateAsync(operation);
        }
        else if (request is not null)
        {
            _ = RunAsync(request);
        }
    }

    private Request? NextRequest()
    {
        if (_state == ActivationState.Invalid)
        {
            HandOn();
            return null;
        }
        if (_waiting.Find(MayStart) is not { } request)
        {
            return null;
        }

        _waiting.Remove(request);
        _running.Add(request);
        if (!request.Interleaves)
        {
            _blocking ??= request;
        }

        if (_waiting.Exists(MayStart))
        {
            Signal();
        }

        return request;
    }

    private bool MayStart(Request request) =>
        (_state == ActivationState.Valid || (request.IsLocal && _state == ActivationState.Deactivating))
        && (_blocking is null || request.Interleaves || Name.Kind.IsReentrant || (_blocking.IsReadOnly && request.IsReadOnly));

    private async Task RunAsync(Request request)
    {
        try
        {
            if (!request.IsOver)
            {
                request.End(await InvokeAsync(request));
            }
        }
        finally
        {
            Finish(request);
        }
    }

    private async ValueTask<Response> InvokeAsync(Request request)
    {
        try
        {
            return await request.InvokeAsync(this);
        }
        catch (Exception e) // could not even be called
        {
            return Response.FromException(e);
        }
    }

    private void Finish(Request request)
    {
        lock (_cluster.Gate)
        {
            _running.Remove(request);
            if (_blocking == request)
            {
                _blocking = null;
            }

            if (request.KeepsAlive)
            {
                _lastUsed = _cluster.Time.GetTimestamp();
            }

            Signal();
        }
    }
}
