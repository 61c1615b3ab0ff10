namespace GrainMQ.Tests.Simulation;

/// <summary>Looks for activations that were not used for their age limit, as long as there are any that have one.</summary>
internal sealed class IdleCollector
{
    private readonly SimulatedCluster _cluster;
    private readonly ITimer _timer;

    public IdleCollector(SimulatedCluster cluster)
    {
        _cluster = cluster;
        _timer = UnboundTimer.Create(cluster.Time, this, static me => me.Collect());
    }

    /// <summary>Its timer is armed. Guarded by the gate.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Under the gate.</summary>
    public void Start()
    {
        if (IsRunning || !_cluster.Catalog.All.Any(activation => activation.AgeLimit != Timeout.InfiniteTimeSpan))
        {
            return;
        }

        IsRunning = true;
        _timer.Change(_cluster.Options.CollectionQuantum, Timeout.InfiniteTimeSpan);
    }

    private void Collect()
    {
        lock (_cluster.Gate)
        {
            IsRunning = false;
            foreach (var activation in _cluster.Catalog.All)
            {
                activation.DeactivateWhenIdle();
            }

            Start();
        }
    }
}
