using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>
/// The subscriptions of one session, one per Topic Filter. Most sessions have a few, so they lie in an array that the replies and the
/// interest table share; an index is built only for sessions with many.
/// </summary>
internal sealed class SubscriptionSet
{
    /// <summary>Below this a search of the array is as fast as an index.</summary>
    private const int IndexFrom = 32;

    // made by the first subscription: a session without any costs this object alone
    private List<SubscriptionRecord>? _list;
    private Dictionary<string, int>? _index;
    private SubscriptionRecord[]? _array = [];

    public int Count => _list?.Count ?? 0;

    /// <summary>Returns the subscriptions; the array is never written after that.</summary>
    public SubscriptionRecord[] ToArray() => _array ??= [.. _list ?? []];

    public bool Contains(string filter) => IndexOf(filter) >= 0;

    /// <summary>Returns whether adding the subscription would change nothing.</summary>
    public bool Has(SubscriptionRecord subscription) => IndexOf(subscription.Filter) is var at and >= 0 && _list?[at] == subscription;

    /// <summary>Returns the filter as the set has it, so that those who keep it share one text; the given one if it has none.</summary>
    public string Shared(string filter) => IndexOf(filter) is var at and >= 0 && _list is { } list ? list[at].Filter : filter;

    /// <summary>Adds a subscription or replaces the one with the same filter. [MQTT-3.8.4-3]</summary>
    public void Add(SubscriptionRecord subscription)
    {
        _array = null;
        var at = IndexOf(subscription.Filter);
        _list ??= new(1);
        if (at >= 0)
        {
            _list[at] = subscription;
            return;
        }
        _index?.Add(subscription.Filter, _list.Count);
        _list.Add(subscription);
    }

    /// <summary>Adds subscriptions in order, as <see cref="Add"/> does.</summary>
    public void AddRange(IEnumerable<SubscriptionRecord> subscriptions)
    {
        foreach (var subscription in subscriptions)
        {
            Add(subscription);
        }
    }

    public void Remove(string filter)
    {
        var at = IndexOf(filter);
        if (at < 0 || _list is null)
        {
            return;
        }

        _array = null;
        // order has no meaning: the last one takes the free place
        var last = _list[^1];
        _list[at] = last;
        _list.RemoveAt(_list.Count - 1);
        if (_index is null)
        {
            return;
        }

        _index[last.Filter] = at;
        _index.Remove(filter);
    }

    private int IndexOf(string filter)
    {
        if (_list is null)
        {
            return -1;
        }

        if (_index is null && _list.Count < IndexFrom)
        {
            return _list.FindIndex(subscription => subscription.Filter == filter);
        }

        _index ??= _list.Select((subscription, at) => (subscription.Filter, at)).ToDictionary(pair => pair.Filter, pair => pair.at);
        return _index.GetValueOrDefault(filter, -1);
    }
}
