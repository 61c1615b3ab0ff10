using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Routing;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainMQ.Gateway.Delivery;

/// <summary>
/// What follows the end of a connection: its will, its session's hand-over to the store, and the grain's deactivation. Architecture §7.
/// </summary>
internal sealed class SessionCloser(
    IGrainFactory grains, SessionTable sessions, Router router, Publisher publisher, TimerWheel wheel,
    TimeProvider time, ILogger<SessionCloser> logger)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Ends the connection's claim, unless a takeover did. Never throws.</summary>
    public async Task ConnectionEndedAsync(Connection connection)
    {
        if (connection.Session is not { } session)
        {
            return;
        }

        using var turn = await sessions.Turns.TakeAsync(session.Key).ConfigureAwait(false);
        if (!session.Detach(connection, session.IsDurable ? SessionPhase.Offline : SessionPhase.Ended))
        {
            return;
        }

        try
        {
            await CloseAsync(connection, session).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            DeliveryLog.CloseFailed(logger, session.Key, exception);
        }
    }

    /// <summary>
    /// The old connection's end within a takeover, inside the client's turn: the session goes on in memory if it outlives its
    /// connection. The will is published unless a delay was to pass and the session goes on. [MQTT-3.1.4-3] [MQTT-3.1.3-9]
    /// </summary>
    public async Task TakeOverAsync(Connection old, Session session, bool sessionGoesOn)
    {
        old.Close(CloseCause.TakenOver, Protocol.ReasonCode.SessionTakenOver);
        if (session.Detach(old, sessionGoesOn ? SessionPhase.Opening : SessionPhase.Ended)
            && old.Will is { } will && (!sessionGoesOn || will.DelaySeconds == 0))
        {
            await publisher.PublishAsync(will.Message, session).ConfigureAwait(false);
        }

        if (!sessionGoesOn)
        {
            EndHere(session);
        }
    }

    /// <summary>Removes a session from this gateway; messages that a share group may give to another member go there.</summary>
    public void EndHere(Session session)
    {
        var redispatch = session.TakeRedispatchable();
        sessions.End(session);
        if (redispatch.Count == 0)
        {
            return;
        }

        var burst = Burst.Rent();
        foreach (var delivery in redispatch)
        {
            router.Redispatch(delivery, burst);
        }

        burst.Flush();
        burst.Return();
    }

    private async Task CloseAsync(Connection connection, Session session)
    {
        bool isArmed = connection.Will is { DelaySeconds: > 0 } && session.IsDurable;
        if (connection.Will is { } will && !isArmed)
        {
            await publisher.PublishAsync(will.Message, session).ConfigureAwait(false); // [MQTT-3.1.2-8]
        }

        var (pending, inbound) = session.IsDurable ? session.Collect(wheel.UnixNow) : ([], []);
        var action = isArmed ? WillAction.Arm : WillAction.Discard;
        var request = new CloseRequest(connection.Cause.ToString(), session.ExpirySeconds, action, pending, inbound, Deactivate: true);
        if (!session.IsDurable)
        {
            EndHere(session);
        }

        var result = await grains.GetGrain<ISessionGrain>(session.Key).CloseAsync(session.Epoch, request)
            .WaitAsync(CallTimeout, time).ConfigureAwait(false);
        switch (result)
        {
            case SessionResult.Ok:
                session.ConfirmClosed();
                break;
            case SessionResult.Fenced or SessionResult.NotFound:
                EndHere(session); // another gateway owns it, or it is over
                break;
            default:
                DeliveryLog.CloseFailed(logger, session.Key, null);
                break;
        }


    }
}
