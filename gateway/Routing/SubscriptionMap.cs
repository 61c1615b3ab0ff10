using System.Collections;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The subscriptions of one session by filter: open addressing over references alone, 11 to 16 bytes for each where a dictionary with
/// strings takes a hundred. The filters stand in the trie. Not safe for several threads.
/// </summary>
internal sealed class SubscriptionMap(SubscriptionIndex index) : IEnumerable<Subscription>
{
    private const int HashBits = 26;

    private Subscription?[] _slots = new Subscription?[2];

    public int Count { get; private set; }

    /// <summary>The subscription to this filter, as the client wrote it, or null.</summary>
    public Subscription? Find(string filter)
    {
        var hash = Subscription.HashOf(filter);
        for (var at = Home(hash); _slots[at] is { } subscription; at = Next(at))
        {
            if (subscription.FilterHash == hash && index.FilterOf(subscription) == filter)
            {
                return subscription;
            }
        }

        return null;
    }

    /// <summary>Adds a subscription, in the place of <paramref name="previous"/> if that is not null.</summary>
    public void Set(Subscription subscription, Subscription? previous)
    {
        if (previous is not null)
        {
            _slots[PlaceOf(previous)] = subscription;
            return;
        }

        // A quarter stays free, so that runs stay short.
        if (++Count > _slots.Length * 3L / 4)
        {
            var slots = _slots;
            _slots = new Subscription?[Count * 2L];
            foreach (var moved in slots)
            {
                Place(moved);
            }
        }

        Place(subscription);
    }

    public void Remove(Subscription subscription)
    {
        var free = PlaceOf(subscription);
        Count--;
        _slots[free] = null;

        // What a probe passed this place to reach moves up.
        for (var at = Next(free); _slots[at] is { } moved; at = Next(at))
        {
            _slots[at] = null;
            Place(moved);
        }
    }

    public IEnumerator<Subscription> GetEnumerator() => _slots.OfType<Subscription>().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Place(Subscription? subscription)
    {
        if (subscription is not null)
        {
            _slots[PlaceOf(subscription)] = subscription;
        }
    }

    /// <summary>Where it stands, or the free place that it would take.</summary>
    private int PlaceOf(Subscription subscription)
    {
        var at = Home(subscription.FilterHash);
        while (_slots[at] is { } other && other != subscription)
        {
            at = Next(at);
        }

        return at;
    }

    private int Home(uint hash) => (int)((ulong)hash * (uint)_slots.Length >> HashBits);

    private int Next(int at) => at + 1 == _slots.Length ? 0 : at + 1;
}
