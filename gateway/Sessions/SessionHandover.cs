using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Hands sessions over to the store when their connection has ended. After a null outbound frame the way goes through the client's grain,
/// which ends with it.
/// </summary>
internal sealed class SessionHandover(
    StoreShards shards, IGrainFactory grains, SessionRegistry sessions, TimerWheel wheel, GrainCalls calls, ILogger<SessionHandover> logger)
{
    /// <summary>
    /// Hands over a session without a connection, inside the client's turn. What the store does not take now is kept and offered again every
    /// second until it does: else it would take the session for connected for ever.
    /// </summary>
    public async Task HandOverAsync(Session session, CloseCause cause, WillAction will)
    {
        await session.PromisesAsync().ConfigureAwait(false);
        var (pending, inbound, uncertain, ended) = session.IsDurable ? session.HandOver(wheel.UnixNow) : session.EndedWithConnection();
        var endsGrain = cause == CloseCause.NullOutboundFrame;
        var request = new CloseRequest(cause.ToString(), session.ExpirySeconds, will, pending, inbound, endsGrain, ended, uncertain);
        session.UnconfirmedClose = request;
        if (!session.IsDurable)
        {
            sessions.Remove(session);
        }

        if (!await ConfirmAsync(session).ConfigureAwait(false))
        {
            _ = calls.RepeatAsync(async () =>
            {
                using var turn = await sessions.Turns.TakeAsync(session.Key).ConfigureAwait(false);
                return await ConfirmAsync(session).ConfigureAwait(false);
            });
        }
    }

    /// <summary>Whether the store has the session's last hand-over; if not, it is told again. Inside the client's turn.</summary>
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
                    sessions.Remove(session); // another gateway owns it, or it is over; or nothing is routed to it, and the store would not tell its end
                }

                return true;
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        SessionLog.CloseFailed(logger, session.Key, failure);
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
