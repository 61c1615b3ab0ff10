namespace GrainMQ.Tests.Simulation;

/// <summary>How simulated grains behave. Defaults are those of Orleans.</summary>
public sealed class SimulatedClusterOptions
{
    /// <summary>Draws whose turn is next. Default: 1.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>
    /// True: <see cref="SimulatedCluster.Run(Task)"/> takes the turns, on one thread, and time passes by itself. False: the thread pool does, and
    /// a test moves the clock. Default: false.
    /// </summary>
    public bool IsDriven { get; set; }

    /// <summary>A grain lives on one of them. Default: 1.</summary>
    public int SiloCount { get; set; } = 1;

    /// <summary>After so long a caller gets a <see cref="TimeoutException"/>; the grain may still run. Default: 30 seconds.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long <c>OnActivateAsync</c> may take. Default: 30 seconds.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long <c>OnDeactivateAsync</c> may take. Default: 30 seconds.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// An activation is collected when it was not used for this long; <c>[CollectionAgeLimit]</c> on the class wins. Default: 15 minutes.
    /// </summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How often idle activations are looked for. Default: 1 minute.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a stop waits for running calls and for <c>OnDeactivateAsync</c>. Default: 30 seconds.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock of everything above. Default: the one among the services. Driven, it is a <c>ManualTimeProvider</c>.</summary>
    public TimeProvider? TimeProvider { get; set; }

    /// <summary>Faults to inject. Default: null, none.</summary>
    public FaultPlan? Faults { get; set; }

    /// <summary>Every request and answer goes through the serializer, as between two processes. Default: false, copied as inside one.</summary>
    public bool IsSerialized { get; set; }

    /// <summary>
    /// Remembers what every call carried and proves that it was not changed afterwards: <see cref="SimulatedCluster.VerifyCalls"/> and
    /// disposing the cluster throw <see cref="ChangedAfterCallException"/>. Slow. Default: false.
    /// </summary>
    public bool Paranoid { get; set; }

    /// <summary>Keeps the lines of the trace and not only their hash. Default: false.</summary>
    public bool KeepsTrace { get; set; }
}
