using System.Text;

namespace GrainMQ.Gateway.Routing;

/// <summary>The gateways that have members of one Shared Subscription, each with the number of its members. Read without a lock.</summary>
public sealed class RouteGroup
{
    private Share[] _shares = [];

    internal RouteGroup(RouteKey key)
    {
        Key = key;
        FilterUtf8 = Encoding.UTF8.GetBytes(key.Filter);
    }

    public RouteKey Key { get; }

    internal byte[] FilterUtf8 { get; }

    internal bool IsEmpty => _shares.Length == 0;

    /// <summary>The weight of a gateway's slot, 0 when it has no member.</summary>
    public int WeightOf(int slot) => Array.Find(Volatile.Read(ref _shares), share => share.Slot == slot).Weight;

    /// <summary>
    /// The slot that a ticket falls to, each in proportion to its weight: a counter gives weighted round robin, a hash keeps a publisher
    /// or a topic together. -1 when the group has just emptied.
    /// </summary>
    public int Pick(ulong ticket)
    {
        var shares = Volatile.Read(ref _shares);
        var total = 0UL;
        foreach (var share in shares)
        {
            total += (ulong)share.Weight;
        }

        if (total == 0)
        {
            return -1;
        }

        var rest = ticket % total;
        foreach (var share in shares)
        {
            if (rest < (ulong)share.Weight)
            {
                return share.Slot;
            }

            rest -= (ulong)share.Weight;
        }

        return -1;
    }

    internal void Set(int slot, int weight)
    {
        var others = Array.FindAll(_shares, share => share.Slot != slot);
        Volatile.Write(ref _shares, weight <= 0 ? others : [.. others, new Share(slot, weight)]);
    }

    private readonly record struct Share(int Slot, int Weight);
}
