namespace GrainMQ.Silo.Embedded;

/// <summary>How the grain engine of one process behaves. Faults and paranoia are for tests.</summary>
public sealed class EmbeddedClusterOptions
{
    /// <summary>Virtual silos: failure domains in one process. A grain lives on one of them. Default: 1.</summary>
    public int SiloCount { get; set; } = 1;

    /// <summary>After so long a caller gets a <see cref="TimeoutException"/>; the grain may still run. Default: 30 seconds.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// An activation is collected when it was not used for this long; <c>[CollectionAgeLimit]</c> on the class wins. Default: 2 minutes.
    /// </summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How often idle activations are looked for. Default: 15 seconds.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a stop waits for running calls and for <c>OnDeactivateAsync</c>. Default: 10 seconds.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Calls that may wait for one activation; more fail with <see cref="ActivationQueueFullException"/>. Default: 10,000.</summary>
    public int MaximumQueueLength { get; set; } = 10_000;

    /// <summary>The clock of timers, timeouts and collection. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Faults to inject. Default: null, none.</summary>
    public FaultPlan? Faults { get; set; }

    /// <summary>
    /// Remembers what every call carried and proves that nobody changed it afterwards: <see cref="EmbeddedCluster.VerifyCalls"/> and
    /// disposing the cluster throw <see cref="ChangedAfterCallException"/>. Slow. Default: false.
    /// </summary>
    public bool Paranoid { get; set; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(SiloCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CallTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CollectionQuantum, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumQueueLength, 1);
    }
}
