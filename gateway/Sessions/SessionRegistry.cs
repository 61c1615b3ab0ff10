using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;

namespace GrainMQ.Gateway.Sessions;

/// <summary>The sessions that this gateway routes to: connected ones, and durable ones without a connection.</summary>
internal sealed class SessionRegistry
{
    /// <summary>The tenant of every client until listeners, certificates or users name one.</summary>
    public const string Tenant = "default";

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly DeliveryLimits _limits;
    private readonly SubscriptionIndex _subscriptions;
    private readonly StoreLanes _store;
    private readonly IMessagePublisher _publisher;
    private long _moment;

    public SessionRegistry(DeliveryLimits limits, SubscriptionIndex subscriptions, StoreLanes store, IMessagePublisher publisher, TimeProvider time)
    {
        (_limits, _subscriptions, _store, _publisher, Turns) = (limits, subscriptions, store, publisher, new ClientTurns(time));
        var meter = limits.Metrics.Meter;
        meter.CreateObservableGauge("mqtt_sessions", () => Count, "{session}", "Sessions routed to");
        meter.CreateObservableGauge("mqtt_subscriptions", () => All.Sum(session => (long)session.Subscriptions.Count), "{subscription}", "Their subscriptions");
        meter.CreateObservableGauge("mqtt_messages_waiting", () => All.Sum(session => (long)session.Waiting), "{message}", "Messages in their queues");
        meter.CreateObservableGauge("mqtt_messages_in_flight", () => All.Sum(session => (long)session.InFlight), "{message}", "QoS 1 and 2 without their last acknowledgement");
    }

    /// <summary>Order the opening, ending and changing of each client's session.</summary>
    public ClientTurns Turns { get; }

    public int Count => _sessions.Count;

    public IEnumerable<Session> All => _sessions.Values;

    /// <summary>Orders what this gateway does and asks: rises with every call.</summary>
    public long NextMoment() => Interlocked.Increment(ref _moment);

    /// <summary>The grain key, <c>tenant/clientId</c>.</summary>
    public static string KeyOf(string clientId) => $"{Tenant}/{clientId}";

    public static string ClientIdOf(string key) => key[(key.IndexOf('/') + 1)..];

    public bool TryGet(string key, [NotNullWhen(true)] out Session? session) => _sessions.TryGetValue(key, out session);

    /// <summary>A new session, in the place of any earlier one.</summary>
    public Session Create(string key)
    {
        var session = new Session(key, ClientIdOf(key), _limits, _store);
        _sessions[key] = session;
        return session;
    }

    /// <summary>A data stream has ended: its subscriptions become those of the client's session.</summary>
    public void Adopt(StreamPart stream) => stream.Main.Adopt(stream, _subscriptions);

    /// <summary>
    /// Removes a session from this gateway: nothing is routed to it any more, and messages that a share group may give to another member go
    /// there. What the store has of it stays. Inside the client's turn.
    /// </summary>
    public void Remove(Session session)
    {
        var redispatch = session.TakeForShareGroups();
        session.Subscriptions.End(_subscriptions);
        session.End();
        _sessions.TryRemove(new KeyValuePair<string, Session>(session.Key, session));
        if (redispatch.Count > 0)
        {
            _publisher.DeliverAgain(redispatch);
        }
    }
}
