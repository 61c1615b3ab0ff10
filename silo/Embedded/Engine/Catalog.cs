using System.Collections.Concurrent;

namespace GrainMQ.Silo.Embedded;

/// <summary>Which activation answers for a grain, and on which virtual silo it lives.</summary>
internal sealed class Catalog(EmbeddedCluster cluster, int siloCount)
{
    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private readonly bool[] _lost = new bool[siloCount];

    public int Count => _activations.Count;

    /// <summary>Enumerates without a copy and without locks; activations that come and go meanwhile may be missed.</summary>
    public IEnumerable<Activation> All => _activations.Select(static pair => pair.Value);

    /// <returns>Null when every silo is lost.</returns>
    public Activation? GetOrCreate(in GrainId id) => _activations.TryGetValue(id, out var known) ? known : Create(id);

    public bool TryGet(in GrainId id, out Activation? activation) => _activations.TryGetValue(id, out activation);

    /// <summary>An activation that is not in the catalog: for <see cref="SecondActivations"/>.</summary>
    public Activation? CreateUnlisted(GrainId id) => Place(id, skip: 1) is { } silo ? new Activation(cluster, id, silo) : null;

    public void Replace(Activation activation) => _activations[activation.Id] = activation;

    /// <summary>Only if it is still the one that answers.</summary>
    public void Remove(Activation activation) => _activations.TryRemove(KeyValuePair.Create(activation.Id, activation));

    public void Lose(int silo)
    {
        Volatile.Write(ref _lost[silo], true);
        foreach (var activation in All)
        {
            if (activation.Silo == silo) activation.Fail(new SiloLostException(activation.Id.ToString()));
        }
    }

    public void Start(int silo) => Volatile.Write(ref _lost[silo], false);

    private Activation? Create(GrainId id)
    {
        if (Place(id, skip: 0) is not { } silo) return null;
        var activation = _activations.GetOrAdd(id, static (key, at) => new Activation(at.cluster, key, at.silo), (cluster, silo));
        // The silo may have been lost between placing and listing, after its activations were gone through.
        if (Volatile.Read(ref _lost[activation.Silo])) activation.Fail(new SiloLostException(id.ToString()));
        return activation;
    }

    /// <summary>The same silo for the same key while the same silos live.</summary>
    private int? Place(in GrainId id, int skip)
    {
        if (_lost.Length == 1) return _lost[0] ? null : 0;
        var alive = Enumerable.Range(0, _lost.Length).Where(silo => !Volatile.Read(ref _lost[silo])).ToArray();
        return alive.Length == 0 ? null : alive[(int)((id.StableHash() + (ulong)skip) % (ulong)alive.Length)];
    }
}
