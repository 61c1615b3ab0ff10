using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using GrainMQ.Gateway.Routing;

namespace GrainMQ.Gateway.Delivery;

/// <summary>The sessions that this gateway routes to: connected ones, and durable ones without a connection.</summary>
internal sealed class SessionTable(DeliveryLimits limits, SubscriptionIndex subscriptions, TimeProvider time)
{
    /// <summary>The tenant of every client until listeners, certificates or users name one.</summary>
    public const string Tenant = "default";

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    public ClientTurns Turns { get; } = new(time);

    public int Count => _sessions.Count;

    public IEnumerable<Session> All => _sessions.Values;

    public static string KeyOf(string clientId) => $"{Tenant}/{clientId}";

    public static string ClientIdOf(string key) => key[(key.IndexOf('/') + 1)..];

    public bool TryGet(string key, [NotNullWhen(true)] out Session? session) => _sessions.TryGetValue(key, out session);

    public Session Create(string key)
    {
        var session = new Session(key, ClientIdOf(key), limits);
        _sessions[key] = session;
        return session;
    }

    /// <summary>The session is over: nothing routes to it any more.</summary>
    public void End(Session session)
    {
        session.UnsubscribeAll(subscriptions);
        session.End();
        _sessions.TryRemove(new KeyValuePair<string, Session>(session.Key, session));
    }
}
