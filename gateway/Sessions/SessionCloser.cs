using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// What follows the end of a connection: its will, and its session's hand-over to the store. After a null outbound frame the hand-over goes through
/// the client's grain, which ends with it. Architecture §7, §8.
/// </summary>
internal sealed class SessionCloser(
    StoreShards shards, IGrainFactory grains, SessionTable sessions, Publisher publisher, TimerWheel wheel, GrainCalls calls,
    ILogger<SessionCloser> logger)
{
    /// <summary>Ends the connection's claim, unless a takeover did. Never throws.</summary>
    public async Task ConnectionEndedAsync(Connection connection)
    {
        if (connection.Session is not Session session)
        {
            return;
        }

        using var turn = await sessions.Turns.TakeAsync(session.Key).ConfigureAwait(false);
        await EndAsync(connection, session).ConfigureAwait(false);
    }

    /// <summary>Folds the part of a data stream that has ended into the session. Never throws.</summary>
    public async Task StreamEndedAsync(Connection stream)
    {
        if (stream.Session is StreamPart part)
        {
            using var turn = await sessions.Turns.TakeAsync(part.Key).ConfigureAwait(false);
            Fold(stream, part);
        }
    }

    /// <summary>Ends the claim of a connection that is closing. Inside the client's turn.</summary>
    public async Task EndAsync(Connection connection, Session session)
    {
        FoldStreams(connection);
        if (!session.Detach(connection, session.IsDurable ? SessionPhase.Offline : SessionPhase.Ended))
        {
            return;
        }

        var isArmed = connection.Will is { DelaySeconds: > 0 } && session.IsDurable;
        if (connection.Will is { } will && !isArmed)
        {
            isArmed = !await publisher.PublishAsync(will.Message, session).ConfigureAwait(false); // [MQTT-3.1.2-8]; or by the store, later
        }

        await CloseAsync(session, connection.Cause, isArmed ? WillAction.Arm : WillAction.Discard).ConfigureAwait(false);
    }

    /// <summary>
    /// The old connection's end within a takeover, inside the client's turn: the session goes on in memory if it outlives its
    /// connection. What becomes of the will, the store has decided. [MQTT-3.1.4-3]
    /// </summary>
    public void TakeOver(Connection old, Session session, bool sessionGoesOn)
    {
        old.Close(CloseCause.TakenOver, Protocol.ReasonCode.SessionTakenOver);
        FoldStreams(old);
        session.Detach(old, sessionGoesOn ? SessionPhase.Opening : SessionPhase.Ended);
        if (!sessionGoesOn)
        {
            EndHere(session);
        }
    }

    /// <summary>
    /// Publishes the will that a CONNECT has set off, before the client can say anything new, and notes in the store that it is out; what cannot
    /// be stored now is left to the store, which gives it out again. Inside the client's turn.
    /// </summary>
    /// <param name="key">Of the session.</param>
    /// <param name="reply">With the will.</param>
    /// <param name="session">Whose will it is; null when this gateway does not have it.</param>
    /// <param name="isDeleted">Its client said goodbye meanwhile: it is not published. [MQTT-3.14.4-3]</param>
    public async Task PublishWillAsync(string key, OpenReply reply, Session? session, bool isDeleted)
    {
        if (isDeleted || !Message.TryRead(reply.DueWill, out var message) || await publisher.PublishAsync(message, session).ConfigureAwait(false))
        {
            if (!await CompleteWillAsync(key, reply.Epoch).ConfigureAwait(false))
            {
                _ = calls.RepeatAsync(() => CompleteWillAsync(key, reply.Epoch));
            }
        }
    }

    private async Task<bool> CompleteWillAsync(string key, ulong epoch)
    {
        Exception? failure = null;
        try
        {
            var completed = new PublishedWills([DueWill.IdOfWillSetOffBy(epoch)]);
            if (await shards.CallAsync(key, shard => shard.CompleteWillsAsync(completed)).ConfigureAwait(false) == SessionResult.Ok)
            {
                return true;
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        DeliveryLog.WillNotCompleted(logger, key, failure);
        return false;
    }

    /// <summary>Removes a session from this gateway; messages that a share group may give to another member go there.</summary>
    public void EndHere(Session session)
    {
        var redispatch = session.TakeForShareGroups();
        sessions.End(session);
        if (redispatch.Count > 0)
        {
            publisher.DeliverAgain(redispatch);
        }
    }

    private void FoldStreams(Connection connection)
    {
        foreach (var stream in connection.DataStreams)
        {
            if (stream.Session is StreamPart part)
            {
                Fold(stream, part);
            }
        }
    }

    /// <summary>Inside the client's turn, or two could fold the same part and change the order of its messages.</summary>
    private void Fold(Connection stream, StreamPart part)
    {
        var burst = Burst.Rent();
        do
        {
            foreach (var delivery in part.TakeUnfinished(stream))
            {
                part.Main.DeliverFromStream(delivery, burst);
            }
        }
        while (!part.TryFold());
        sessions.Adopt(part);
        burst.Flush();
        burst.Return();
    }

    /// <summary>
    /// Hands a session without a connection over to the store, inside the client's turn. What the store does not take now is kept and
    /// offered again until it does: it would take the session for connected for ever.
    /// </summary>
    public async Task CloseAsync(Session session, CloseCause cause, WillAction will)
    {
        await session.InboundQoS2.PromisesAsync().ConfigureAwait(false);
        var (pending, inbound, uncertain, ended) = session.IsDurable ? session.HandOver(wheel.UnixNow) : new SessionRemains([], [], [], []);
        var endsGrain = cause == CloseCause.NullOutboundFrame;
        var request = new CloseRequest(cause.ToString(), session.ExpirySeconds, will, pending, inbound, endsGrain, ended, uncertain);
        session.UnconfirmedClose = request;
        if (!session.IsDurable)
        {
            EndHere(session);
        }

        if (!await ConfirmAsync(session).ConfigureAwait(false))
        {
            _ = calls.RepeatAsync(async () =>
            {
                using var turn = await sessions.Turns.TakeAsync(session.Key).ConfigureAwait(false);
                return session.UnconfirmedClose != request || await ConfirmAsync(session).ConfigureAwait(false);
            });
        }
    }

    /// <summary>Whether the store knows of the session's last close; if not, it is told. Inside the client's turn.</summary>
    public async Task<bool> ConfirmAsync(Session session)
    {
        if (session.UnconfirmedClose is not { } request)
        {
            return true;
        }

        Exception? failure = null;
        try
        {
            var result = await CallAsync(session.Key, session.Epoch, request).ConfigureAwait(false);
            if (result != SessionResult.Busy)
            {
                session.UnconfirmedClose = null;
                session.DetachedAt = sessions.NextMoment();
                if (result != SessionResult.Ok || session.Subscriptions.Count == 0)
                {
                    EndHere(session); // another gateway owns it, or it is over; or nothing is routed to it, and the store would not tell its end
                }

                return true;
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        DeliveryLog.CloseFailed(logger, session.Key, failure);
        return false;
    }

    private Task<SessionResult> CallAsync(string key, ulong epoch, CloseRequest request)
    {
        if (!request.Deactivate)
        {
            return shards.CallAsync(key, shard => shard.DetachAsync(key, epoch, request));
        }

        var grain = grains.GetGrain<ISessionGrain>(key); // as rare as a null frame: not worth a field
        return calls.CallAsync(() => grain.CloseAsync(epoch, request));
    }
}
