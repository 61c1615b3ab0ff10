using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// The subscriptions of a client: one for each filter, held by the part of the session that asked for it last, which gets the messages.
/// Changed only by the holder of the client's turn, see <see cref="SessionRegistry"/>, or by the client's connection. Locks itself,
/// since a lock object would cost every idle session 48 bytes; no gate is taken inside that lock.
/// </summary>
internal sealed class SessionSubscriptions(Session session)
{
    private SubscriptionMap? _own; // of the session itself
    private Dictionary<StreamPart, SubscriptionMap>? _ofStreams;
    private bool _hasEnded;

    public int Count
    {
        get
        {
            lock (this)
            {
                return (_own?.Count ?? 0) + (_ofStreams?.Values.Sum(map => map.Count) ?? 0);
            }
        }
    }

    /// <summary>
    /// Adds or replaces one; true when it is new. [MQTT-3.8.4-3] A session that has ended takes none: it would never be removed again.
    /// </summary>
    public bool Subscribe(SubscriptionIndex index, SessionPart part, SubscribeEntry entry, uint identifier)
    {
        lock (this)
        {
            if (_hasEnded)
            {
                return false;
            }

            part = Current(part);
            var (holder, previous) = Find(entry.Filter, part);
            var subscription = Subscription.Create(part, entry, identifier);
            index.Add(subscription, entry.Filter, previous); // replaces the old one in one step [MQTT-3.8.4-4]
            if (previous is not null && holder != part)
            {
                MapOf(holder)?.Remove(previous); // the client has one subscription per filter: it moves to the stream that asked last
                MapFor(part, index).Set(subscription, null);
            }
            else
            {
                MapFor(part, index).Set(subscription, previous);
            }

            return previous is null;
        }
    }

    /// <summary>Whether the client has a subscription to this filter, on whichever stream.</summary>
    public bool Has(string filter)
    {
        lock (this)
        {
            return Find(filter, session).Subscription is not null;
        }
    }

    /// <summary>Removes one that this part holds; false when it holds none for the filter.</summary>
    public bool Unsubscribe(SubscriptionIndex index, SessionPart part, string filter)
    {
        lock (this)
        {
            var map = MapOf(Current(part));
            if (map?.Find(filter) is not { } subscription)
            {
                return false;
            }

            map.Remove(subscription);
            index.Remove(subscription);
            return true;
        }
    }

    /// <summary>The session is over.</summary>
    public void End(SubscriptionIndex index)
    {
        lock (this)
        {
            _hasEnded = true;
            foreach (var subscription in _own ?? Enumerable.Empty<Subscription>())
            {
                index.Remove(subscription);
            }

            _own = null;
        }
    }

    /// <summary>Makes the session's own subscriptions those of the store's record.</summary>
    public void Resubscribe(SubscriptionIndex index, SubscriptionRecord[] records)
    {
        lock (this)
        {
            var keep = records.ToDictionary(record => record.Filter);
            foreach (var filter in _own?.Select(index.FilterOf).Where(filter => !keep.ContainsKey(filter)).ToArray() ?? [])
            {
                Unsubscribe(index, session, filter);
            }

            foreach (var record in records)
            {
                if (_own?.Find(record.Filter) is not { } existing || index.RecordOf(existing) != record)
                {
                    Subscribe(index, session, new SubscribeEntry(record.Filter, record.Options), record.Identifier);
                }
            }
        }
    }

    /// <summary>Whether another part of the client's session holds this filter: only that one can unsubscribe.</summary>
    public bool IsHeldElsewhere(SessionPart part, string filter)
    {
        lock (this)
        {
            part = Current(part);
            var (holder, subscription) = Find(filter, part);
            return subscription is not null && holder != part;
        }
    }

    /// <summary>Those of all parts, for the store.</summary>
    public SubscriptionRecord[] Records(SubscriptionIndex index)
    {
        lock (this)
        {
            var ofStreams = _ofStreams?.Values.SelectMany(map => map.Select(index.RecordOf)) ?? [];
            return [.. _own?.Select(index.RecordOf) ?? [], .. ofStreams];
        }
    }

    /// <summary>A data stream has ended: the session takes over its subscriptions, each in one step.</summary>
    public void Adopt(StreamPart stream, SubscriptionIndex index)
    {
        lock (this)
        {
            if (_ofStreams is null || !_ofStreams.Remove(stream, out var map))
            {
                return;
            }

            _ofStreams = _ofStreams.Count > 0 ? _ofStreams : null;
            foreach (var subscription in map.ToArray())
            {
                var filter = index.FilterOf(subscription);
                if (_hasEnded)
                {
                    index.Remove(subscription);
                    continue;
                }

                var identifier = subscription.Identifiers is [var only] ? only : 0;
                var adopted = Subscription.Create(session, new SubscribeEntry(filter, subscription.Options), identifier);
                index.Add(adopted, filter, subscription);
                MapFor(session, index).Set(adopted, null);
            }
        }
    }

    /// <summary>A part that was folded asks and holds in the session's name.</summary>
    private SessionPart Current(SessionPart part) => part.Phase == SessionPhase.Folded ? session : part;

    /// <summary>The client's subscription to this filter and who holds it; <paramref name="first"/> is looked at first.</summary>
    private (SessionPart Holder, Subscription? Subscription) Find(string filter, SessionPart first)
    {
        if (MapOf(first)?.Find(filter) is { } its)
        {
            return (first, its);
        }

        if (first != session && _own?.Find(filter) is { } own)
        {
            return (session, own);
        }

        if (_ofStreams is not null)
        {
            foreach (var (stream, map) in _ofStreams)
            {
                if (map.Find(filter) is { } held)
                {
                    return (stream, held);
                }
            }
        }

        return (first, null);
    }

    private SubscriptionMap? MapOf(SessionPart part) => part is StreamPart stream ? _ofStreams?.GetValueOrDefault(stream) : _own;

    private SubscriptionMap MapFor(SessionPart part, SubscriptionIndex index)
    {
        if (part is not StreamPart stream)
        {
            return _own ??= new SubscriptionMap(index);
        }

        _ofStreams ??= [];
        if (!_ofStreams.TryGetValue(stream, out var map))
        {
            _ofStreams[stream] = map = new SubscriptionMap(index);
        }

        return map;
    }
}
