using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>The session's subscriptions. Changed only by the holder of the client's turn, see <see cref="SessionTable"/>, or its connection.</summary>
internal sealed partial class Session
{
    private readonly Lock _subscriptionsLock = new();
    private Dictionary<string, Subscription>? _subscriptions;

    public int SubscriptionCount => _subscriptions?.Count ?? 0;

    /// <summary>Adds or replaces one; true when it is new. [MQTT-3.8.4-3]</summary>
    public bool Subscribe(SubscriptionIndex index, SubscribeEntry entry, uint identifier)
    {
        lock (_subscriptionsLock)
        {
            _subscriptions ??= [];
            var subscription = new Subscription(this, entry, identifier);
            bool isNew = _subscriptions.TryAdd(entry.Filter, subscription);
            _subscriptions[entry.Filter] = subscription;
            index.Add(subscription); // replaces the old one in one step: no message is lost or doubled in between [MQTT-3.8.4-4]
            return isNew;
        }
    }

    public bool Unsubscribe(SubscriptionIndex index, string filter)
    {
        lock (_subscriptionsLock)
        {
            if (_subscriptions is null || !_subscriptions.Remove(filter, out var subscription))
            {
                return false;
            }

            index.Remove(subscription);
            return true;
        }
    }

    public void UnsubscribeAll(SubscriptionIndex index)
    {
        lock (_subscriptionsLock)
        {
            foreach (var subscription in _subscriptions?.Values ?? Enumerable.Empty<Subscription>())
            {
                index.Remove(subscription);
            }

            _subscriptions = null;
        }
    }

    /// <summary>Makes the subscriptions those of the store's record.</summary>
    public void Resubscribe(SubscriptionIndex index, SubscriptionRecord[] records)
    {
        lock (_subscriptionsLock)
        {
            var keep = records.ToDictionary(record => record.Filter);
            foreach (string filter in _subscriptions?.Keys.Where(filter => !keep.ContainsKey(filter)).ToArray() ?? [])
            {
                Unsubscribe(index, filter);
            }

            foreach (var record in records)
            {
                if (_subscriptions is null || !_subscriptions.TryGetValue(record.Filter, out var existing) || existing.ToRecord() != record)
                {
                    Subscribe(index, new SubscribeEntry(record.Filter, record.Options), record.Identifier);
                }
            }
        }
    }

    public SubscriptionRecord[] SubscriptionRecords()
    {
        lock (_subscriptionsLock)
        {
            return _subscriptions is null ? [] : [.. _subscriptions.Values.Select(subscription => subscription.ToRecord())];
        }
    }
}
