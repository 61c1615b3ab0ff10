namespace GrainMQ.Tests.Simulation;

/// <summary>Which activation answers for a grain, and on which silo it lives. Used under the gate.</summary>
internal sealed class Catalog(SimulatedCluster cluster, int siloCount)
{
    private readonly Dictionary<GrainId, Activation> _activations = [];
    private readonly bool[] _isDead = new bool[siloCount];
    private long _created;

    public IReadOnlyCollection<Activation> All => _activations.Values;

    public Activation? Find(GrainId id) => _activations.GetValueOrDefault(id);

    /// <returns>Null when every silo is dead.</returns>
    public Activation? GetOrCreate(GrainName grain)
    {
        if (_activations.TryGetValue(grain.Id, out var known))
        {
            return known;
        }

        if (Create(grain, skip: 0) is not { } activation)
        {
            return null;
        }

        _activations[grain.Id] = activation;
        cluster.Collector.Start();
        return activation;
    }

    /// <summary>An activation that the catalog does not know: for <see cref="SecondActivations"/>.</summary>
    public Activation? CreateUnlisted(GrainName grain) => Create(grain, skip: 1);

    public void Replace(Activation activation) => _activations[activation.Name.Id] = activation;

    /// <summary>Only if it is still the one that answers.</summary>
    public void Remove(Activation activation)
    {
        if (Find(activation.Name.Id) == activation)
        {
            _activations.Remove(activation.Name.Id);
        }
    }

    /// <summary>The silo dies.</summary>
    /// <returns>What lived there and is no longer listed.</returns>
    public IReadOnlyList<Activation> Lose(int silo)
    {
        _isDead[silo] = true;
        var lost = All.Where(activation => activation.Silo == silo).ToArray();
        foreach (var activation in lost)
        {
            _activations.Remove(activation.Name.Id);
        }

        return lost;
    }

    public void Start(int silo) => _isDead[silo] = false;

    private Activation? Create(GrainName grain, int skip) =>
        Place(grain, skip) is { } silo ? new Activation(cluster, grain, silo, ++_created) : null;

    /// <summary>The same silo for the same key while the same silos live.</summary>
    private int? Place(GrainName grain, int skip)
    {
        var alive = Enumerable.Range(0, _isDead.Length).Where(silo => !_isDead[silo]).ToArray();
        return alive.Length == 0 ? null : alive[(int)((grain.StableHash() + (ulong)skip) % (ulong)alive.Length)];
    }
}
