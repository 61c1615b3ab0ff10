namespace GrainMQ.Tests.Simulation;

/// <summary>Grains that have two activations for a while, as while a cluster's directory heals. Used under the gate.</summary>
internal sealed class SecondActivations(SimulatedCluster cluster)
{
    private readonly Dictionary<GrainId, Second> _seconds = [];

    public IEnumerable<Activation> All => _seconds.Values.Select(second => second.Activation);

    /// <summary>The second activation for every other call; null = the first.</summary>
    public Activation? Choose(Call call)
    {
        if (!_seconds.TryGetValue(call.Target.Id, out var second))
        {
            return null;
        }

        second.Calls++;
        return second.Calls % 2 == 1 && !second.Activation.IsInvalid ? second.Activation : null;
    }

    public void Force(GrainName grain, TimeSpan duration)
    {
        if (_seconds.ContainsKey(grain.Id) || cluster.Catalog.GetOrCreate(grain) is null || cluster.Catalog.CreateUnlisted(grain) is not { } activation)
        {
            return;
        }

        var second = new Second(activation);
        _seconds[grain.Id] = second;
        second.Timer = UnboundTimer.Create(cluster.Time, second, Heal);
        second.Timer.Change(duration, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes those of a dead silo away.</summary>
    public IReadOnlyList<Activation> Lose(int silo)
    {
        var lost = _seconds.Values.Where(second => second.Activation.Silo == silo).ToArray();
        foreach (var second in lost)
        {
            Remove(second);
        }

        return [.. lost.Select(second => second.Activation)];
    }

    /// <summary>One stays: the second when the number of calls was odd, so both outcomes are met.</summary>
    private void Heal(Second second)
    {
        lock (cluster.Gate)
        {
            if (!Remove(second))
            {
                return;
            }

            var loser = second.Activation;
            if (second.Calls % 2 == 1 && !loser.IsInvalid && cluster.Catalog.Find(loser.Name.Id) is { } first)
            {
                cluster.Catalog.Replace(second.Activation);
                loser = first;
            }
            loser.Deactivate(new DeactivationReason(DeactivationReasonCode.DuplicateActivation, "The directory has another activation of this grain."));
        }
    }

    private bool Remove(Second second)
    {
        second.Timer?.Dispose();
        return _seconds.Remove(second.Activation.Name.Id);
    }

    private sealed class Second(Activation activation)
    {
        public long Calls { get; set; }

        public Activation Activation => activation;

        public ITimer? Timer { get; set; }
    }
}
