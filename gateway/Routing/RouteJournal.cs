using System.Runtime.InteropServices;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The rows that one owner writes: counts references per key and turns the changes that others must know into numbered deltas. Keeps
/// the latest deltas only; who is further behind takes a snapshot. Safe for any thread.
/// </summary>
/// <param name="keep">At least so many deltas are kept, at most twice as many. Default: 65,536.</param>
public sealed class RouteJournal(int keep = 65_536)
{
    private readonly Lock _writing = new();
    private readonly Dictionary<RouteKey, int> _references = [];
    private readonly List<RouteDelta> _deltas = [];
    private long _version;

    /// <summary>The number of the latest delta; 0 = none yet.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>One more subscription. Returns the version that others must have acknowledged before it is in force everywhere.</summary>
    public long Add(RouteKey key)
    {
        lock (_writing)
        {
            var references = _references.GetValueOrDefault(key) + 1;
            _references[key] = references;
            if (references == 1 || key.ShareName is not null)
            {
                Append(new RouteDelta(key, references));
            }

            return _version;
        }
    }

    /// <summary>One subscription less. Returns the version that removes it; false in <paramref name="known"/> if there was none.</summary>
    public long Remove(RouteKey key, out bool known)
    {
        lock (_writing)
        {
            known = _references.TryGetValue(key, out var references);
            if (!known)
            {
                return _version;
            }

            if (--references == 0)
            {
                _references.Remove(key);
            }
            else
            {
                _references[key] = references;
            }

            if (references == 0 || key.ShareName is not null)
            {
                Append(new RouteDelta(key, references));
            }

            return _version;
        }
    }

    /// <summary>Up to <paramref name="limit"/> deltas after a version; null when they are no longer kept: take a snapshot then.</summary>
    public RouteDeltas? Since(long version, int limit = 512)
    {
        lock (_writing)
        {
            var behind = _version - version;
            if (behind < 0 || behind > _deltas.Count)
            {
                return null;
            }

            var changes = CollectionsMarshal.AsSpan(_deltas)[^(int)behind..];
            return new RouteDeltas(version + 1, changes[..Math.Min(limit, changes.Length)].ToArray());
        }
    }

    public RouteSnapshot Snapshot()
    {
        lock (_writing)
        {
            var rows = _references.Select(static row => new RouteDelta(row.Key, row.Key.ShareName is null ? 1 : row.Value));
            return new RouteSnapshot(_version, [.. rows]);
        }
    }

    private void Append(RouteDelta delta)
    {
        if (_deltas.Count == keep * 2L)
        {
            _deltas.RemoveRange(0, keep);
        }

        _deltas.Add(delta);
        Volatile.Write(ref _version, _version + 1);
    }
}
