using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainMQ.Gateway.Handlers;

/// <summary>
/// From CONNECT to an attached session: a new epoch from the grains, takeover of the old connection, what the store kept, and then
/// the connection. One client identifier at a time. Architecture §7.
/// </summary>
internal sealed class SessionOpener(
    IGrainFactory grains, GatewayRef self, SessionTable sessions, SubscriptionIndex subscriptions, StoreLanes store, SessionCloser closer,
    Publisher publisher, TimeProvider time, ILogger<SessionOpener> logger)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Opens the session of a connection's client identifier. <paramref name="accept"/> queues CONNACK, then deliveries begin.</summary>
    public async ValueTask<ReasonCode> OpenAsync(Connection connection, bool cleanStart, uint expiry, int quota, Action<bool, Session> accept)
    {
        string key = SessionTable.KeyOf(connection.ClientId);
        using var turn = await sessions.Turns.TakeAsync(key).ConfigureAwait(false);
        if (connection.IsClosing)
        {
            return ReasonCode.UnspecifiedError; // it left while it waited: it must not take the session from a living connection
        }

        sessions.TryGet(key, out var existing);
        existing?.BeginOpen();
        await store.DrainedAsync(key).ConfigureAwait(false); // what was on its way to the store's queue comes back with the reply
        var reply = await CallAsync(connection, key, cleanStart, expiry).ConfigureAwait(false);
        if (reply is not { Result: SessionResult.Ok })
        {
            Abandon(existing);
            return reply is { Result: SessionResult.Quota } ? ReasonCode.QuotaExceeded : ReasonCode.ServerUnavailable;
        }

        var session = await PrepareAsync(key, existing, reply).ConfigureAwait(false);
        session.ExpirySeconds = expiry;
        accept(reply.SessionPresent, session);
        session.Attach(connection, reply.Epoch, quota);
        connection.FlushOutbound();
        return ReasonCode.Success;
    }

    private async Task<OpenReply?> CallAsync(Connection connection, string key, bool cleanStart, uint expiry)
    {
        try
        {
            var request = new OpenRequest(self, connection.Id, cleanStart, expiry, connection.Will?.ToRecord());
            return await grains.GetGrain<ISessionGrain>(key).OpenAsync(request).WaitAsync(CallTimeout, time).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            HandlerLog.OpenFailed(logger, connection.ClientId, exception.Message);
            return null;
        }
    }

    /// <summary>The session as the grains' answer describes it: the existing one, or a new one in its place.</summary>
    private async Task<Session> PrepareAsync(string key, Session? existing, OpenReply reply)
    {
        if (existing?.Connection is { } old)
        {
            await closer.TakeOverAsync(old, existing, reply.SessionPresent).ConfigureAwait(false);
        }
        else if (existing is not null && !reply.SessionPresent)
        {
            closer.EndHere(existing);
        }

        if (reply.DueWill is { } will && Message.TryRead(will, out var message))
        {
            await publisher.PublishAsync(message, null).ConfigureAwait(false);
        }

        var session = reply.SessionPresent && existing is not null ? existing : sessions.Create(key);
        if (reply is { SessionPresent: true, State: { } state })
        {
            session.Resubscribe(subscriptions, state.Subscriptions);
            if (reply.Previous is null)
            {
                session.Restore(state);
            }
        }

        return session;
    }

    /// <summary>The grains did not answer: the session stays what it was, and what came meanwhile goes the usual way.</summary>
    private void Abandon(Session? existing)
    {
        foreach (var delivery in existing?.AbandonOpen() ?? [])
        {
            _ = store.Queue(existing!, delivery); // the list is empty without a session
        }
    }
}
