using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;

namespace GrainMQ.Gateway.Sessions;

/// <summary>What follows for a session from the end of its connection, or of a data stream.</summary>
internal sealed class SessionCloser(SessionRegistry sessions, SessionHandover handover, Wills wills)
{
    /// <summary>A connection has ended: ends its claim, unless a takeover did. Never throws.</summary>
    public async Task ConnectionEndedAsync(Connection connection)
    {
        if (connection.Session is not Session session)
        {
            return;
        }

        using var turn = await sessions.Turns.TakeAsync(session.Key).ConfigureAwait(false);
        await EndClaimAsync(connection, session).ConfigureAwait(false);
    }

    /// <summary>A data stream has ended: folds its part into the session. Never throws.</summary>
    public async Task StreamEndedAsync(Connection stream)
    {
        if (stream.Session is not StreamPart part)
        {
            return;
        }

        using var turn = await sessions.Turns.TakeAsync(part.Key).ConfigureAwait(false);
        Fold(stream, part);
    }

    /// <summary>Ends the claim of a connection that is closing, unless a takeover did: its will, then the hand-over. Inside the client's turn.</summary>
    public async Task EndClaimAsync(Connection connection, Session session)
    {
        FoldStreams(connection);
        if (!session.Detach(connection, session.IsDurable ? SessionPhase.Offline : SessionPhase.Ended))
        {
            return;
        }

        var will = await wills.OnConnectionEndedAsync(connection, session).ConfigureAwait(false);
        await handover.HandOverAsync(session, connection.Cause, will).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the old connection of a takeover, inside the client's turn: the session goes on in memory if it outlives its connection. Its will
    /// is up to <see cref="Wills.OnSessionOpenedAsync"/>. [MQTT-3.1.4-3]
    /// </summary>
    public void EndTakenOver(Connection old, Session session, bool sessionGoesOn)
    {
        old.Close(CloseCause.TakenOver, ReasonCode.SessionTakenOver);
        FoldStreams(old);
        session.Detach(old, sessionGoesOn ? SessionPhase.Opening : SessionPhase.Ended);
        if (!sessionGoesOn)
        {
            sessions.Remove(session);
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
}
