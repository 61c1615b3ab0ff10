using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>The attached sessions of each gateway incarnation, so that a lost gateway costs its own sessions and no others.</summary>
internal sealed class OwnerIndex
{
    private readonly Dictionary<GatewayRef, HashSet<SessionRecord>> _owned = [];

    /// <summary>The gateways that hold a session.</summary>
    public IReadOnlyCollection<GatewayRef> Gateways => _owned.Keys;

    public void Add(GatewayRef gateway, SessionRecord record)
    {
        if (!_owned.TryGetValue(gateway, out var records))
        {
            _owned.Add(gateway, records = []);
        }

        records.Add(record);
    }

    public void Remove(GatewayRef gateway, SessionRecord record)
    {
        if (_owned.TryGetValue(gateway, out var records) && records.Remove(record) && records.Count == 0)
        {
            _owned.Remove(gateway);
        }
    }

    /// <summary>Removes and returns the sessions of a gateway.</summary>
    public IReadOnlyCollection<SessionRecord> RemoveAll(GatewayRef gateway) =>
        _owned.Remove(gateway, out var records) ? records : [];
}
