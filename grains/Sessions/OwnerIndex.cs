using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>The attached sessions of each gateway incarnation, so that a lost gateway costs its own sessions and no others.</summary>
internal sealed class OwnerIndex
{
    private readonly Dictionary<GatewayRef, HashSet<SessionRecord>> _owned = [];

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

    public IReadOnlyCollection<SessionRecord> Take(GatewayRef gateway) =>
        _owned.Remove(gateway, out var records) ? records : [];
}
