using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Opens the session of a client that was let in: a new epoch from the store shard, takeover from the connection that had it, and what the
/// store kept. One client identifier at a time. See docs/architecture.md.
/// </summary>
internal sealed class SessionOpener(
    StoreShards shards, DirectoryClient directory, ConnectionRegistry connections, SessionRegistry sessions, SubscriptionIndex subscriptions,
    StoreLanes store, SessionCloser closer, SessionHandover handover, Wills wills, GrainCalls calls, TimeProvider time,
    ILogger<SessionOpener> logger)
{
    /// <summary>
    /// Opens the session of the connection's client. It waits, as if CONNECT were still under way, until it is attached: see
    /// <see cref="OpenedSession"/>. Refused with ServerUnavailable when the store does not answer within 5 seconds.
    /// </summary>
    public async ValueTask<OpenedSession> OpenAsync(Connection connection)
    {
        var client = connection.Client;
        var key = SessionRegistry.KeyOf(client.Id);
        if (await sessions.Turns.TryTakeAsync(key, Attempts.Timeout, isUrgent: true).ConfigureAwait(false) is not { } turn)
        {
            SessionLog.OpenFailed(logger, client.Id, "an earlier call is still without an answer");
            return OpenedSession.Refuse(ReasonCode.ServerUnavailable);
        }

        var isPassedOn = false;
        try
        {
            if (connection.IsClosing)
            {
                return OpenedSession.Refuse(ReasonCode.UnspecifiedError); // it left while it waited: it must not take the session from a living connection
            }

            if (!await TellStoreAsync(key, client.CleanStart).ConfigureAwait(false))
            {
                Abandon(key);
                return OpenedSession.Refuse(ReasonCode.ServerUnavailable);
            }

            // the claim's number rises in the order in which a client's CONNECTs are served, not that of its connections
            var request = new OpenRequest(directory.Self, connections.NextId(), client.CleanStart, client.SessionExpiry, Wills.RecordOf(connection));
            if (await ClaimAsync(key, request).ConfigureAwait(false) is not { } reply)
            {
                Abandon(key);
                isPassedOn = true;
                _ = GiveUpClaimAsync(turn, key, request);
                return OpenedSession.Refuse(ReasonCode.ServerUnavailable);
            }

            if (reply.Result != SessionResult.Ok)
            {
                Abandon(key);
                return OpenedSession.Refuse(
                    reply.Result is SessionResult.Quota or SessionResult.Full ? ReasonCode.QuotaExceeded : ReasonCode.ServerUnavailable);
            }

            var session = await TakeOverAsync(key, reply, isLate: false).ConfigureAwait(false);
            session.Grant(client.SessionExpiry, reply.SessionPresent);
            isPassedOn = true;
            return new OpenedSession(turn, session, request.ConnectionId, reply);
        }
        finally
        {
            if (!isPassedOn)
            {
                turn.Dispose();
            }
        }
    }

    /// <summary>
    /// Before CONNECT is looked at, the store knows of everything before it: how the last connection ended, and the messages that were on
    /// their way to the session's queue. They come back with the reply; what arrives from now on waits behind them.
    /// </summary>
    /// <param name="key">Of the session.</param>
    /// <param name="isEnding">
    /// Clean Start: the store hands over what was not acknowledged to share groups, so it hears before what was. [MQTT-3.1.2-4]
    /// </param>
    /// <returns>False when the store did not answer in time.</returns>
    private async Task<bool> TellStoreAsync(string key, bool isEnding)
    {
        if (sessions.TryGet(key, out var session) && session.Connection is { IsClosing: true } ended)
        {
            await closer.EndClaimAsync(ended, session).ConfigureAwait(false);
        }

        if (sessions.TryGet(key, out session) && !await handover.ConfirmAsync(session).ConfigureAwait(false))
        {
            return false;
        }

        if (sessions.TryGet(key, out session))
        {
            session.BeginOpen();
        }

        try
        {
            var isTold = isEnding && session is { IsDurable: true } ? store.ReportedAsync(key) : Task.CompletedTask;
            await Task.WhenAll(store.DrainedAsync(key), isTold).WaitAsync(Attempts.Timeout, time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            SessionLog.OpenFailed(logger, SessionRegistry.ClientIdOf(key), "messages for the session wait for its store");
            return false;
        }
    }

    /// <summary>Null when there was no answer: whether the store granted the claim is not known then.</summary>
    private async Task<OpenReply?> ClaimAsync(string key, OpenRequest request)
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

        SessionLog.OpenFailed(logger, SessionRegistry.ClientIdOf(key), failure);
        return null;
    }

    /// <summary>
    /// The session as the store's answer describes it: the existing one, taken from the connection that had it here, or a new one in its place.
    /// </summary>
    /// <param name="key">Of the session.</param>
    /// <param name="reply">The answer.</param>
    /// <param name="isLate">See <see cref="Wills.OnSessionOpenedAsync"/>.</param>
    private async Task<Session> TakeOverAsync(string key, OpenReply reply, bool isLate)
    {
        sessions.TryGet(key, out var existing);
        var old = existing?.Connection;
        var isHere = old is not null && reply.Previous?.Gateway == directory.Self; // else another gateway had it meanwhile
        if (existing is not null && old is not null)
        {
            closer.EndTakenOver(old, existing, reply.SessionPresent);
        }
        else if (existing is not null && !reply.SessionPresent)
        {
            sessions.Remove(existing);
        }

        await wills.OnSessionOpenedAsync(key, reply, existing, old, isLate).ConfigureAwait(false);

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

    /// <summary>The store did not grant the claim: the session stays what it was, and what came meanwhile goes the usual way.</summary>
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
    private async Task GiveUpClaimAsync(ClientTurns.Turn turn, string key, OpenRequest request)
    {
        using (turn)
        {
            await calls.RepeatAsync(async () =>
            {
                var reply = await ClaimAsync(key, request).ConfigureAwait(false);
                if (reply is { Result: SessionResult.Ok })
                {
                    var session = await TakeOverAsync(key, reply, isLate: true).ConfigureAwait(false);
                    session.SetOffline(reply.Epoch, request.ExpirySeconds);
                    await handover.HandOverAsync(session, CloseCause.ConnectRefused, WillAction.Discard).ConfigureAwait(false);
                }

                return reply is not null;
            }).ConfigureAwait(false);
        }
    }
}
