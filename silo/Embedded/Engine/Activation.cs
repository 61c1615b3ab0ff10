using Orleans;
using Orleans.Runtime;

namespace GrainMQ.Silo.Embedded;

/// <summary>
/// One grain in memory: it runs turns one at a time, admits requests as reentrancy allows, and ends once. This part is the scheduler;
/// <c>Activation.Lifecycle.cs</c> is how it begins and ends.
/// </summary>
/// <remarks>
/// <code>
/// TryEnqueue ─► Admits? ─no─► _waiting ─┐            an idle activation gets a thread with the first turn, the caller's if that
///                  │ yes                │            one may lend itself or one of the pool, and gives it back when _ready is empty
///                  ▼                    │ Finish of the request that blocked
///               _ready ◄────────────────┘
///                  │ Execute: one turn, then the next
///                  ▼
///          Request.Run ─► await ─► Post ─► _ready ─► Continuation.Run ─► … ─► Finish ─► answer
/// </code>
/// Locks: the activation itself. It is internal and locked nowhere else, and a lock object would add a tenth to an idle activation.
/// </remarks>
internal sealed partial class Activation : IThreadPoolWorkItem
{
    // After so many turns the pool may give the thread to somebody else.
    private const int TurnsPerSlice = 64;

    private TurnQueue<ITurn> _ready;
    private TurnQueue<Request> _waiting;
    // The one request that no other may pass, unless it interleaves.
    private Request? _blocking;
    private int _running;
    private int _unstarted;
    private int _lastUsed;
    private State _state;
    private bool _scheduled;
    private bool _tookCall;
    private bool _lost;

    private enum State : byte { Activating, Active, Deactivating, Dead }

    public EmbeddedCluster Cluster { get; }

    public GrainId Id { get; }

    /// <summary>It takes nothing any more.</summary>
    public bool IsDead => _state == State.Dead;

    /// <summary>Its silo is gone: what was running does not go on.</summary>
    public bool IsLost => _lost;

    public IGrainFactory GrainFactory => Cluster;

    public IServiceProvider Services => Cluster.Services;

    /// <summary>Queues a request, or answers it with the reason why it cannot be queued.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="lendsThread">An idle activation may take its turns on this thread, before the method returns.</param>
    /// <returns>False when this activation has ended and the caller should look for its successor.</returns>
    public bool TryEnqueue(Request request, bool lendsThread = false)
    {
        Exception? refused = null;
        bool waits = false, runsHere = false;
        lock (this)
        {
            if (_state == State.Dead) return false;
            request.Activation = this;
            if (request.KeepsAlive) _lastUsed = Cluster.Collector.Now;
            if (_unstarted >= Cluster.Options.MaximumQueueLength && request is GrainCall) refused = new ActivationQueueFullException(Id.ToString(), _unstarted);
            else if (Admits(request)) Admit(request);
            else if (CallCycle.Find(request, _blocking) is { } cycle) refused = cycle;
            else
            {
                _unstarted++;
                _waiting.Enqueue(request);
                waits = true;
            }
            if (lendsThread) runsHere = TryReserve();
            else Schedule();
        }
        if (runsHere) BorrowedThread.Run(this);
        if (refused is not null) request.Fail(refused);
        else if (waits && !request.IsAnswered) Cluster.Timeouts.Add(request);
        return true;
    }

    /// <summary>
    /// The rest of a request; also after the end, for what a grain left running. Dropped when the silo is lost: a dead process does not go on.
    /// </summary>
    public void Post(Continuation turn)
    {
        lock (this)
        {
            if (_lost) return;
            _ready.Enqueue(turn);
            Schedule();
        }
    }

    /// <summary>The first turn of a request begins.</summary>
    public bool TryStart(Request request)
    {
        lock (this) _unstarted--;
        if (IsLost)
        {
            request.Fail(new SiloLostException(Id.ToString()));
            return false;
        }
        if (!request.IsAnswered) return true;
        Finish(request);
        return false;
    }

    /// <summary>The last turn of a request has ended: others may start.</summary>
    /// <returns>False when the activation has died meanwhile.</returns>
    public bool Finish(Request request)
    {
        lock (this)
        {
            if (_state == State.Dead) return false;
            _running--;
            if (_blocking == request) _blocking = null;
            if (request.KeepsAlive) _lastUsed = Cluster.Collector.Now;
            Pump();
            Schedule();
            return true;
        }
    }

    /// <summary>Takes its turns on this thread until there are none, or so many that the pool should see to the rest.</summary>
    public void Execute()
    {
        for (var i = 0; i < TurnsPerSlice; i++)
        {
            if (NextTurn() is not { } turn) return;
            turn.Run();
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private ITurn? NextTurn()
    {
        lock (this)
        {
            var turn = _ready.Dequeue();
            if (turn is null) _scheduled = false;
            return turn;
        }
    }

    private void Schedule()
    {
        if (TryReserve()) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    /// <returns>True when there are turns and no thread for them yet: the caller sees to one.</returns>
    private bool TryReserve()
    {
        if (_scheduled || _ready.IsEmpty) return false;
        return _scheduled = true;
    }

    /// <remarks>
    /// While an end is pending nothing new starts here, except what a running request has sent on its way: that request, and so the end,
    /// waits for it.
    /// </remarks>
    private bool Admits(Request request) =>
        _state == State.Active
        && (_blocking is null || Interleaves(request))
        && (_deactivation is null || CallCycle.Passes(request, this));

    private bool Interleaves(Request request) => Id.Class.Reentrant || request.Interleaves;

    private void Admit(Request request)
    {
        _unstarted++;
        Start(request);
    }

    private void Start(Request request)
    {
        _running++;
        _tookCall |= request is GrainCall;
        if (!Interleaves(request)) _blocking ??= request;
        _ready.Enqueue(request);
    }

    /// <summary>Starts what waits. Requests that interleave wait only while activating, so the head alone decides.</summary>
    private void Pump()
    {
        if (_state != State.Active) return;
        if (_deactivation is not null)
        {
            if (_running == 0) BeginDeactivation(_deactivation);
            return;
        }
        while (_blocking is null && _waiting.Dequeue() is { } request) Start(request);
    }
}
