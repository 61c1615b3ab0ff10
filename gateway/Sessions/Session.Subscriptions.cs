using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>The session's subscriptions. Changed only by the holder of the client's turn, see <see cref="SessionRegistry"/>, or its connection.</summary>
internal sealed partial class Session
{
    private readonly Lock _subscriptionsLock = main?._subscriptionsLock ?? new();
    private SubscriptionMap? _subscriptions;
    private bool _hasEnded;

    public int SubscriptionCount => (_subscriptions?.Count ?? 0) + Streams.Sum(stream => stream.SubscriptionCount);

    /// <summary>Adds or replaces one; true when it is new. [MQTT-3.8.4-3] A session that has ended takes none: nobody would remove it again.</summary>
    public bool Subscribe(SubscriptionIndex index, SubscribeEntry entry, uint identifier)
    {
        lock (_subscriptionsLock)
        {
            if (_phase == SessionPhase.Folded)
            {
                return Main.Subscribe(index, entry, identifier);
            }

            if (_hasEnded)
            {
                return false;
            }

            _subscriptions ??= new SubscriptionMap(index);
            var holder = HolderOf(entry.Filter);
            var previous = holder?._subscriptions?.Find(entry.Filter);
            var subscription = Subscription.Create(this, entry, identifier);
            index.Add(subscription, entry.Filter, previous); // replaces the old one in one step [MQTT-3.8.4-4]
            if (previous is not null && holder != this)
            {
                holder?._subscriptions?.Remove(previous); // the client has one subscription per filter: it moves to the stream that asked last
                _subscriptions.Set(subscription, null);
            }
            else
            {
                _subscriptions.Set(subscription, previous);
            }

            return previous is null;
        }
    }

    public bool Unsubscribe(SubscriptionIndex index, string filter)
    {
        lock (_subscriptionsLock)
        {
            if (_phase == SessionPhase.Folded)
            {
                return Main.Unsubscribe(index, filter);
            }

            if (_subscriptions?.Find(filter) is not { } subscription)
            {
                return false;
            }

            _subscriptions.Remove(subscription);
            index.Remove(subscription);
            return true;
        }
    }

    /// <summary>The session is over.</summary>
    public void UnsubscribeAll(SubscriptionIndex index)
    {
        lock (_subscriptionsLock)
        {
            _hasEnded = true;
            foreach (var subscription in _subscriptions ?? Enumerable.Empty<Subscription>())
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
            foreach (var filter in _subscriptions?.Select(index.FilterOf).Where(filter => !keep.ContainsKey(filter)).ToArray() ?? [])
            {
                Unsubscribe(index, filter);
            }

            foreach (var record in records)
            {
                if (_subscriptions?.Find(record.Filter) is not { } existing || index.RecordOf(existing) != record)
                {
                    Subscribe(index, new SubscribeEntry(record.Filter, record.Options), record.Identifier);
                }
            }
        }
    }

    public SubscriptionRecord[] SubscriptionRecords(SubscriptionIndex index)
    {
        lock (_subscriptionsLock)
        {
            return [.. _subscriptions?.Select(index.RecordOf) ?? [], .. Streams.SelectMany(stream => stream.SubscriptionRecords(index))];
        }
    }
}
