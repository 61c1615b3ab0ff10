using System.Collections.Concurrent;
using Orleans;

namespace GrainMQ.Silo.Embedded;

/// <summary>Grains that have two activations for a while.</summary>
internal sealed class SecondActivations(EmbeddedCluster cluster)
{
    private readonly ConcurrentDictionary<GrainId, Second> _seconds = new();

    public IEnumerable<Activation> All => _seconds.Values.Select(second => second.Activation);

    /// <summary>The second activation for every other call; null = the first.</summary>
    public Activation? Choose(GrainCall call)
    {
        if (_seconds.IsEmpty || !_seconds.TryGetValue(call.Target.Id, out var second)) return null;
        return (Interlocked.Increment(ref second.Calls) & 1) == 1 && !second.Activation.IsDead ? second.Activation : null;
    }

    public void Force(GrainId id, TimeSpan duration)
    {
        if (cluster.Catalog.GetOrCreate(id) is null || cluster.Catalog.CreateUnlisted(id) is not { } activation) return;
        var second = new Second(activation);
        if (!_seconds.TryAdd(id, second)) return;
        second.Timer = UnboundTimer.Create(cluster.Time, second, Heal);
        second.Timer.Change(duration, Timeout.InfiniteTimeSpan);
    }

    public void Lose(int silo)
    {
        foreach (var second in _seconds.Values.Where(second => second.Activation.Silo == silo))
        {
            _seconds.TryRemove(second.Activation.Id, out _);
            second.Timer?.Dispose();
            second.Activation.Fail(new SiloLostException(second.Activation.Id.ToString()));
        }
    }

    /// <summary>One stays: the second when the number of calls was odd, so both outcomes are met.</summary>
    private void Heal(Second second)
    {
        if (!_seconds.TryRemove(KeyValuePair.Create(second.Activation.Id, second))) return;
        second.Timer?.Dispose();
        var loser = second.Activation;
        if ((Volatile.Read(ref second.Calls) & 1) == 1 && !loser.IsDead && cluster.Catalog.TryGet(loser.Id, out var first) && first is not null)
        {
            cluster.Catalog.Replace(second.Activation);
            loser = first;
        }
        _ = loser.Deactivate(new DeactivationReason(DeactivationReasonCode.DuplicateActivation, "The directory has another activation of this grain."));
    }

    private sealed class Second(Activation activation)
    {
        public int Calls;

        public Activation Activation => activation;

        public ITimer? Timer { get; set; }
    }
}
