using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;

namespace GrainMQ.Silo.Embedded;

/// <summary>
/// The grains of one process: it finds or makes the activation behind a reference and hands calls to it. Nothing is serialized, nothing is
/// distributed; what a grain can see is the same as in a cluster.
/// </summary>
public sealed class EmbeddedCluster : IGrainFactory, IAsyncDisposable
{
    private readonly GrainClasses _classes;
    private readonly FaultInjector? _faults;
    private readonly SecondActivations _seconds;
    private readonly CancellationTokenSource _hardStop = new();
    private long _observers;
    private volatile bool _stopped;

    /// <param name="services">What grain constructors are given.</param>
    /// <param name="options">Validated here.</param>
    /// <param name="grainTypes">Classes derived from <see cref="Grain"/>.</param>
    public EmbeddedCluster(IServiceProvider services, EmbeddedClusterOptions options, IEnumerable<Type> grainTypes)
    {
        options.Validate();
        Options = options;
        Services = services;
        Logger = services.GetService<ILoggerFactory>()?.CreateLogger<EmbeddedCluster>() ?? NullLogger<EmbeddedCluster>.Instance;
        _classes = new GrainClasses(grainTypes);
        Catalog = new Catalog(this, options.SiloCount);
        Timeouts = new CallTimeouts(Time, options.CallTimeout);
        Failed = new FailedActivations(Time);
        Collector = new IdleCollector(this);
        _seconds = new SecondActivations(this);
        _faults = options.Faults is null ? null : new FaultInjector(this, options.Faults);
        Watch = options.Paranoid ? new CallWatch() : null;
    }

    /// <summary>Grains that are in memory now.</summary>
    public int ActivationCount => Catalog.Count;

    internal EmbeddedClusterOptions Options { get; }

    internal IServiceProvider Services { get; }

    internal TimeProvider Time => Options.TimeProvider;

    internal ILogger Logger { get; }

    internal Catalog Catalog { get; }

    internal CallTimeouts Timeouts { get; }

    internal FailedActivations Failed { get; }

    internal IdleCollector Collector { get; }

    internal CallWatch? Watch { get; }

    /// <summary>Cancelled when a stop has waited long enough.</summary>
    internal CancellationToken HardStop => _hardStop.Token;

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentNullException.ThrowIfNull(primaryKey);
        return Refer<TGrainInterface>(primaryKey, 0, grainClassNamePrefix);
    }

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey => Refer<TGrainInterface>(null, primaryKey, grainClassNamePrefix);

    /// <inheritdoc/>
    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        if (obj is not TGrainObserverInterface || obj is GrainReference)
            throw new ArgumentException($"{obj?.GetType().Name ?? "null"} is not an object that implements {typeof(TGrainObserverInterface).Name}.", nameof(obj));
        var id = new GrainId(GrainClass.Observer, null, Interlocked.Increment(ref _observers));
        return (TGrainObserverInterface)(object)ProxyBuilder.For(typeof(TGrainObserverInterface))(this, id, new Activation(this, id, obj));
    }

    /// <inheritdoc/>
    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj) where TGrainObserverInterface : IGrainObserver
    {
        if (obj is not GrainReference { Observer: { } observer })
            throw new ArgumentException("Not a reference that CreateObjectReference made.", nameof(obj));
        observer.Fail(new ObjectDisposedException(observer.Id.ToString(), "The observer reference was deleted."));
    }

    /// <summary>
    /// A virtual silo is gone at once: its grains get no <c>OnDeactivateAsync</c>, their running calls fail with
    /// <see cref="SiloLostException"/> and do not go on. Others take over at the next call, if there are others.
    /// </summary>
    public void KillSilo(int silo)
    {
        Catalog.Lose(silo);
        _seconds.Lose(silo);
        Timeouts.FailLost();
    }

    /// <summary>Brings a killed silo back, empty.</summary>
    public void StartSilo(int silo) => Catalog.Start(silo);

    /// <summary>
    /// For a time the grain has two activations, and each call goes to one of them, as while a cluster's directory heals. Then one ends
    /// with <see cref="DeactivationReasonCode.DuplicateActivation"/>.
    /// </summary>
    public void ForceSecondActivation(IGrain grain, TimeSpan duration) => ForceSecondActivation(GrainId.Of(grain), duration);

    internal void ForceSecondActivation(GrainId id, TimeSpan duration) => _seconds.Force(id, duration);

    /// <summary>Does nothing unless the cluster is paranoid.</summary>
    /// <exception cref="ChangedAfterCallException">An argument or a result was changed after its call.</exception>
    public void VerifyCalls() => Watch?.Verify();

    /// <summary>Deactivates everything. Grains may still call each other meanwhile. Then every call fails.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_stopped) return;
        try
        {
            // Real time, also when a test's clock stands still: nobody would move it while the stop is awaited.
            await DeactivateAllAsync(cancellationToken).WaitAsync(Options.StopTimeout, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Logger.StopTimedOut(ActivationCount);
        }
        _stopped = true;
        Collector.Dispose();
        await _hardStop.CancelAsync();
        for (var silo = 0; silo < Options.SiloCount; silo++) KillSilo(silo);
        Timeouts.Dispose();
    }

    /// <summary>Stops, and in paranoid mode verifies what every call carried.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        VerifyCalls();
    }

    internal void Send(GrainCall call)
    {
        if (_stopped)
        {
            call.Fail(new ObjectDisposedException(nameof(EmbeddedCluster), "The grain engine has stopped."));
            return;
        }
        Watch?.Sent(call);
        if (_faults is null) Deliver(call);
        else _faults.Send(call);
    }

    internal void Deliver(GrainCall call)
    {
        if (call.Target.Observer is { } observer)
        {
            if (!observer.TryEnqueue(call)) call.Fail(new ObjectDisposedException(call.Target.ToString(), "The observer reference was deleted."));
            return;
        }
        while (true)
        {
            var activation = _seconds.Choose(call) ?? Catalog.GetOrCreate(call.Target.Id);
            if (activation is null)
            {
                call.Fail(new SiloLostException(call.Target.ToString()));
                return;
            }
            if (activation.TryEnqueue(call, lendsThread: _faults is null && BorrowedThread.MayLend)) return;
            Catalog.Remove(activation);
        }
    }

    /// <summary>A waiting call whose activation has ended.</summary>
    /// <param name="call">The call.</param>
    /// <param name="inVain">That activation took no call at all.</param>
    internal void Forward(GrainCall call, bool inVain)
    {
        if (!inVain || call.TryAgain()) Deliver(call);
        else call.Fail(new InvalidOperationException($"{call.Target} deactivates before it takes a call."));
    }

    private TGrainInterface Refer<TGrainInterface>(string? text, long number, string? classNamePrefix)
    {
        var id = new GrainId(_classes.Find(typeof(TGrainInterface), classNamePrefix), text, number);
        return (TGrainInterface)(object)ProxyBuilder.For(typeof(TGrainInterface))(this, id, null);
    }

    private async Task DeactivateAllAsync(CancellationToken cancellation)
    {
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops.");
        // Deactivating may call grains that were gone already: they come back for that call and are gone in the next round.
        while (ActivationCount > 0 && !cancellation.IsCancellationRequested)
            await Task.WhenAll(Catalog.All.Concat(_seconds.All).Select(activation => activation.Deactivate(reason)));
    }
}
