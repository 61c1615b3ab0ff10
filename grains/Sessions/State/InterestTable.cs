using System.Diagnostics.CodeAnalysis;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>
/// The subscriptions of detached sessions: one delta per key, ordered by the version at which it last changed, so that the news since a
/// version is the tail and costs what it holds. Ended keys are remembered for gateways that knew them. When too many are remembered the oldest
/// are forgotten, and a gateway that has not heard of them gets the whole table.
/// </summary>
/// <param name="leastRemembered">So many ended keys are remembered at least; the bound is as many as there are sessions in the table.</param>
internal sealed class InterestTable(int leastRemembered = 16_384)
{
    private readonly Dictionary<string, LinkedListNode<Versioned>> _byKey = [];
    private readonly LinkedList<Versioned> _live = new();
    private readonly LinkedList<Versioned> _ended = new();
    private long _floor;

    /// <summary>Rises with every change.</summary>
    public long Version { get; private set; }

    /// <summary>Announces the subscriptions of a detached session.</summary>
    public void Set(string key, ulong epoch, SubscriptionRecord[] subscriptions) =>
        Move(key, new InterestDelta(key, epoch, subscriptions), _live);

    /// <summary>Announces that a session ended or was attached. A key that was never announced makes no news.</summary>
    public void End(string key, ulong epoch)
    {
        if (!_byKey.TryGetValue(key, out var node) || node.Value.Delta.Subscriptions is null)
        {
            return;
        }

        Move(key, new InterestDelta(key, epoch, null), _ended);
        while (_ended.Count > Math.Max(leastRemembered, _live.Count))
        {
            Forget(_ended.First!); // the count says that there is one
        }
    }

    /// <summary>Gets what changed after a version; false if that is no longer known and only <see cref="Snapshot"/> helps.</summary>
    public bool TryGetSince(long version, [NotNullWhen(true)] out InterestDelta[]? deltas)
    {
        deltas = version < _floor || version > Version ? null : [.. Since(_live, version), .. Since(_ended, version)];
        return deltas is not null;
    }

    /// <summary>Returns the whole table.</summary>
    public InterestDelta[] Snapshot() => [.. _live.Select(entry => entry.Delta)];

    private void Move(string key, InterestDelta delta, LinkedList<Versioned> to)
    {
        if (_byKey.TryGetValue(key, out var node))
        {
            node.List!.Remove(node); // every node of the index is in one of the two lists
        }

        _byKey[key] = to.AddLast(new Versioned(++Version, delta));
    }

    private void Forget(LinkedListNode<Versioned> node)
    {
        _floor = node.Value.Version;
        _byKey.Remove(node.Value.Delta.Key);
        _ended.Remove(node);
    }

    private static IEnumerable<InterestDelta> Since(LinkedList<Versioned> entries, long version)
    {
        for (var node = entries.Last; node is not null && node.Value.Version > version; node = node.Previous)
        {
            yield return node.Value.Delta;
        }
    }

    private readonly record struct Versioned(long Version, InterestDelta Delta);
}
