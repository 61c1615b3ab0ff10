using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Handlers;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// From CONNECT to an attached session: a new epoch from the store shard, takeover of the old connection, what the store kept, and then
/// the connection. One client identifier at a time. Architecture §7.
/// </summary>
internal sealed class SessionOpener(
    StoreShards shards, GatewayRef self, ConnectionRegistry connections, SessionTable sessions, SubscriptionIndex subscriptions, StoreLanes store, SessionCloser closer,
    GrainCalls calls, TimeProvider time, ILogger<SessionOpener> logger)
{
    /// <summary>Opens the session of a connection's client identifier. <paramref name="accept"/> queues CONNACK, then deliveries begin.</summary>
    public async ValueTask<ReasonCode> OpenAsync(Connection connection, bool cleanStart, uint expiry, int quota, Action<bool, Session> accept)
    {
        var key = SessionTable.KeyOf(connection.ClientId);
        if (await sessions.Turns.TryTakeAsync(key, Attempts.Timeout, isUrgent: true).ConfigureAwait(false) is not { } turn)
        {
            HandlerLog.OpenFailed(logger, connection.ClientId, "an earlier call is still without an answer");
            return ReasonCode.ServerUnavailable;
        }

        var isSettled = true;
        try
        {
            if (connection.IsClosing)
            {
                return ReasonCode.UnspecifiedError; // it left while it waited: it must not take the session from a living connection
            }

            connection.ClaimId = connections.NextId(); // CONNECT may come in another order than the connections did
            var request = new OpenRequest(self, connection.ClaimId, cleanStart, expiry, connection.Will?.ToRecord());
            OpenReply? reply = null;
            if (await PrepareStoreAsync(key).ConfigureAwait(false))
            {
                reply = await CallAsync(key, request).ConfigureAwait(false);
                isSettled = reply is not null;
            }

            if (reply is not { Result: SessionResult.Ok })
            {
                Abandon(key);
                if (!isSettled)
                {
                    _ = SettleAsync(turn, key, request);
                }

                return reply is { Result: SessionResult.Quota or SessionResult.Full } ? ReasonCode.QuotaExceeded : ReasonCode.ServerUnavailable;
            }

            var session = await TakeAsync(key, reply, publishesWill: true).ConfigureAwait(false);
            session.ExpirySeconds = expiry;
            accept(reply.SessionPresent, session);
            session.Attach(connection, reply.Epoch, quota);
            connection.FlushOutbound();
            connection.ServeStreams();
            return ReasonCode.Success;
        }
        finally
        {
            if (isSettled)
            {
                turn.Dispose();
            }
        }
    }

    /// <summary>
    /// Before CONNECT is looked at, the store knows of everything before it: how the last connection ended, and the messages that were on
    /// their way to the session's queue. They come back with the reply; what arrives from now on waits behind them.
    /// </summary>
    private async Task<bool> PrepareStoreAsync(string key)
    {
        if (sessions.TryGet(key, out var session) && session.Connection is { IsClosing: true } ended)
        {
            await closer.EndAsync(ended, session).ConfigureAwait(false);
        }

        if (sessions.TryGet(key, out session) && !await closer.ConfirmAsync(session).ConfigureAwait(false))
        {
            return false;
        }

        if (sessions.TryGet(key, out session))
        {
            session.BeginOpen();
        }

        try
        {
            await store.DrainedAsync(key).WaitAsync(Attempts.Timeout, time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            HandlerLog.OpenFailed(logger, SessionTable.ClientIdOf(key), "messages for the session wait for its store");
            return false;
        }
    }

    /// <summary>Null when there was no answer: whether the store granted the claim is not known then.</summary>
    private async Task<OpenReply?> CallAsync(string key, OpenRequest request)
    {
        var failure = "no answer";
        try
        {
            var reply = await shards.CallAsync(key, shard => shard.AttachAsync(key, request), static reply => reply.Result).ConfigureAwait(false);
            if (reply.Result != SessionResult.Busy)
            {
                return reply;
            }
        }
        catch (Exception exception)
        {
            failure = exception.Message;
        }

        HandlerLog.OpenFailed(logger, SessionTable.ClientIdOf(key), failure);
        return null;
    }

    /// <summary>The session as the store's answer describes it: the existing one, or a new one in its place.</summary>
    /// <param name="key">Of the session.</param>
    /// <param name="reply">The answer.</param>
    /// <param name="publishesWill">False: the answer may be so late that the store has given the will to another gateway.</param>
    private async Task<Session> TakeAsync(string key, OpenReply reply, bool publishesWill)
    {
        sessions.TryGet(key, out var existing);
        var old = existing?.Connection;
        var isHere = old is not null && reply.Previous?.Gateway == self; // else another gateway had it meanwhile
        if (existing is not null && old is not null)
        {
            closer.TakeOver(old, existing, reply.SessionPresent);
        }
        else if (existing is not null && !reply.SessionPresent)
        {
            closer.EndHere(existing);
        }

        var isDeleted = old is { Will: null };
        if (reply.DueWill is not null && (publishesWill || isDeleted))
        {
            await closer.PublishWillAsync(key, reply, existing, isDeleted).ConfigureAwait(false);
        }

        // the same object if there is one: what is published in this moment finds its subscriptions
        var session = reply.SessionPresent && existing is not null ? existing : sessions.Create(key);
        if (reply is { SessionPresent: true, State: { } state })
        {
            session.Subscriptions.Resubscribe(subscriptions, state.Subscriptions);
            if (!isHere)
            {
                session.Restore(state);
            }
        }

        return session;
    }

    /// <summary>The store did not answer: the session stays what it was, and what came meanwhile goes the usual way.</summary>
    private void Abandon(string key)
    {
        if (sessions.TryGet(key, out var session))
        {
            session.AbandonOpen();
        }
    }

    /// <summary>
    /// The store may have granted the claim of a CONNECT that was refused for want of an answer, and would take the session for connected
    /// for ever. The same call gets the same answer: when it comes, the claim is given up. Until then no other CONNECT gets the turn.
    /// </summary>
    private async Task SettleAsync(ClientTurns.Turn turn, string key, OpenRequest request)
    {
        using (turn)
        {
            await calls.RepeatAsync(async () =>
            {
                var reply = await CallAsync(key, request).ConfigureAwait(false);
                if (reply is { Result: SessionResult.Ok })
                {
                    var session = await TakeAsync(key, reply, publishesWill: false).ConfigureAwait(false);
                    session.SetOffline(reply.Epoch, request.ExpirySeconds);
                    await closer.CloseAsync(session, CloseCause.ConnectRefused, WillAction.Discard).ConfigureAwait(false);
                }

                return reply is not null;
            }).ConfigureAwait(false);
        }
    }
}
