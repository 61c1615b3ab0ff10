using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.Simulation;

/// <summary>
/// Silos that exist only in this process, and run grain classes as Orleans would: same references, same turns, same lifecycle, but every
/// choice is drawn from a seed, the clock belongs to the test, and whatever can go wrong can be made to.
/// </summary>
public sealed partial class SimulatedCluster : IAsyncDisposable
{
    private bool _isStopped;

    /// <param name="services">What grain constructors are given.</param>
    /// <param name="options">How the cluster behaves.</param>
    /// <param name="assemblies">With grain classes, and with the references that Orleans has generated.</param>
    public SimulatedCluster(IServiceProvider services, SimulatedClusterOptions options, IEnumerable<Assembly> assemblies)
    {
        (Options, Services) = (options, services);
        Time = options.TimeProvider ?? services.GetService<TimeProvider>() ?? TimeProvider.System;
        Logger = services.GetService<ILoggerFactory>()?.CreateLogger<SimulatedCluster>() ?? NullLogger<SimulatedCluster>.Instance;
        Trace = new SimulationTrace(options.KeepsTrace);
        Queue = new RunQueue(options.Seed);
        ReferenceRuntime = new ReferenceRuntime(this);
        var model = GrainModel.Of(assemblies);
        References = new GrainReferences(model, services, ReferenceRuntime);
        Grains = new GrainFactory(References);
        Runtime = new GrainRuntime(this);
        Catalog = new Catalog(this, options.SiloCount);
        Seconds = new SecondActivations(this);
        Deadlines = new Deadlines(Gate, Time);
        Collector = new IdleCollector(this);
        Messages = new MessageCenter(this, model);
        _driven = options.IsDriven ? Drive() : null;
        if (!options.IsDriven)
        {
            _ = new PoolRun(Queue, Trace);
        }
    }

    public SimulatedClusterOptions Options { get; }

    /// <summary>What has happened.</summary>
    public SimulationTrace Trace { get; }

    /// <summary>Outside of grains; what a gateway has.</summary>
    public IGrainFactory Grains { get; }

    /// <summary>The grains that are in memory, as <c>SessionGrain/default/client</c>.</summary>
    public IReadOnlyList<string> Activations
    {
        get
        {
            lock (Gate)
            {
                return [.. Catalog.All.Select(activation => activation.Name.ToString())];
            }
        }
    }

    /// <summary>Guards everything but the turns.</summary>
    internal Lock Gate { get; } = new();

    internal IServiceProvider Services { get; }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    internal RunQueue Queue { get; }

    internal ReferenceRuntime ReferenceRuntime { get; }

    internal GrainRuntime Runtime { get; }

    internal GrainReferences References { get; }

    internal Catalog Catalog { get; }

    internal SecondActivations Seconds { get; }

    internal Deadlines Deadlines { get; }

    internal IdleCollector Collector { get; }

    internal MessageCenter Messages { get; }

    /// <summary>
    /// A silo is gone at once: its grains get no <c>OnDeactivateAsync</c>, their calls fail with <see cref="SiloUnavailableException"/> and do not
    /// go on. Others take over at the next call, if there are others.
    /// </summary>
    public void KillSilo(int silo)
    {
        lock (Gate)
        {
            Trace.Add("silo dies", $"{silo}");
            foreach (var activation in Catalog.Lose(silo).Concat(Seconds.Lose(silo)))
            {
                activation.Lose();
            }

            Messages.Lose();
        }
    }

    /// <summary>Brings a killed silo back, empty.</summary>
    public void StartSilo(int silo)
    {
        lock (Gate)
        {
            Catalog.Start(silo);
        }
    }

    /// <summary>
    /// For a time the grain has two activations, and each call goes to one of them, as while a cluster's directory heals. Then one ends
    /// with <see cref="DeactivationReasonCode.DuplicateActivation"/>.
    /// </summary>
    public void ForceSecondActivation(IAddressable grain, TimeSpan duration) => ForceSecondActivation(References.NameOf(grain.GetGrainId()), duration);

    internal void ForceSecondActivation(GrainName grain, TimeSpan duration)
    {
        lock (Gate)
        {
            Seconds.Force(grain, duration);
        }
    }

    /// <summary>Does nothing unless the cluster is paranoid.</summary>
    /// <exception cref="ChangedAfterCallException">An argument or a result was changed after its call.</exception>
    public void VerifyCalls() => Messages.Verify();

    /// <summary>Deactivates everything. Grains may still call each other meanwhile. Then every call fails.</summary>
    public async Task StopAsync()
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        using var limit = UnboundTimer.Create(Time, this, static me => me.GiveUp());
        limit.Change(Options.StopTimeout, Timeout.InfiniteTimeSpan);
        // Deactivating may call grains that were gone already: they come back for that call and are gone in the next round.
        while (DeactivateAll() is { Length: > 0 } ending)
        {
            foreach (var activation in ending)
            {
                await activation.Deactivated;
            }
        }

        Messages.Stop();
    }

    /// <summary>Stops as a process does that is not asked, and in paranoid mode verifies what every call carried.</summary>
    public ValueTask DisposeAsync()
    {
        for (var silo = 0; silo < Options.SiloCount; silo++)
        {
            KillSilo(silo);
        }

        Messages.Stop();
        VerifyCalls();
        return ValueTask.CompletedTask;
    }

    private void GiveUp()
    {
        Logger.StopTimedOut(Activations.Count);
        for (var silo = 0; silo < Options.SiloCount; silo++)
        {
            KillSilo(silo);
        }
    }

    private Activation[] DeactivateAll()
    {
        lock (Gate)
        {
            Activation[] all = [.. Catalog.All.Concat(Seconds.All).Where(activation => !activation.IsInvalid)];
            foreach (var activation in all)
            {
                activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops."));
            }

            return all;
        }
    }
}
