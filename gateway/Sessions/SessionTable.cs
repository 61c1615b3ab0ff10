using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;

namespace GrainMQ.Gateway.Sessions;

/// <summary>The sessions that this gateway routes to: connected ones, and durable ones without a connection.</summary>
internal sealed class SessionTable
{
    /// <summary>The tenant of every client until listeners, certificates or users name one.</summary>
    public const string Tenant = "default";

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly DeliveryLimits _limits;
    private readonly SubscriptionIndex _subscriptions;
    private readonly StoreLanes _store;
    private long _moment;

    public SessionTable(DeliveryLimits limits, SubscriptionIndex subscriptions, StoreLanes store, TimeProvider time)
    {
        (_limits, _subscriptions, _store, Turns) = (limits, subscriptions, store, new ClientTurns(time));
        var meter = limits.Metrics.Meter;
        meter.CreateObservableGauge("mqtt_sessions", () => Count, "{session}", "Sessions routed to");
        meter.CreateObservableGauge("mqtt_subscriptions", () => All.Sum(session => (long)session.Subscriptions.Count), "{subscription}", "Their subscriptions");
        meter.CreateObservableGauge("mqtt_messages_waiting", () => All.Sum(session => (long)session.Waiting), "{message}", "Messages in their queues");
        meter.CreateObservableGauge("mqtt_messages_in_flight", () => All.Sum(session => (long)session.InFlight), "{message}", "QoS 1 and 2 without their last acknowledgement");
    }

    public ClientTurns Turns { get; }

    public int Count => _sessions.Count;

    /// <summary>Orders what this gateway does and asks: rises with every call.</summary>
    public long NextMoment() => Interlocked.Increment(ref _moment);

    public IEnumerable<Session> All => _sessions.Values;

    public static string KeyOf(string clientId) => $"{Tenant}/{clientId}";

    public static string ClientIdOf(string key) => key[(key.IndexOf('/') + 1)..];

    public bool TryGet(string key, [NotNullWhen(true)] out Session? session) => _sessions.TryGetValue(key, out session);

    public Session Create(string key)
    {
        var session = new Session(key, ClientIdOf(key), _limits, _store);
        _sessions[key] = session;
        return session;
    }

    /// <summary>A data stream has ended: its subscriptions become those of the client's session.</summary>
    public void Adopt(StreamPart stream) => stream.Main.Adopt(stream, _subscriptions);

    /// <summary>The session is over: nothing routes to it any more.</summary>
    public void End(Session session)
    {
        session.Subscriptions.End(_subscriptions);
        session.End();
        _sessions.TryRemove(new KeyValuePair<string, Session>(session.Key, session));
    }
}
