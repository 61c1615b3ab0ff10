namespace GrainMQ.Silo.Embedded;

/// <summary>
/// Ends activations that nobody used for their age limit. Time is counted in quanta, so that a call notes its time by copying a number: an
/// activation goes after its limit and at most two quanta more.
/// </summary>
internal sealed class IdleCollector : IDisposable
{
    private readonly EmbeddedCluster _cluster;
    private readonly TimeSpan _quantum;
    private readonly ITimer _timer;
    private volatile int _now;

    public IdleCollector(EmbeddedCluster cluster)
    {
        _cluster = cluster;
        _quantum = cluster.Options.CollectionQuantum;
        _timer = UnboundTimer.Create(cluster.Time, this, static me => me.Collect());
        _timer.Change(_quantum, _quantum);
    }

    /// <summary>The number of quanta since the start.</summary>
    public int Now => _now;

    public void Dispose() => _timer.Dispose();

    private void Collect()
    {
        var now = Interlocked.Increment(ref _now);
        foreach (var activation in _cluster.Catalog.All)
        {
            var limit = activation.Id.Class.AgeLimit ?? _cluster.Options.CollectionAge;
            // One more, because it may have been used at the very end of its last quantum.
            if (limit != Timeout.InfiniteTimeSpan) activation.DeactivateWhenIdleSince(now - 1 - (int)Math.Ceiling(limit / _quantum));
        }
    }
}
