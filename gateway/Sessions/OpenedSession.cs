using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// What <see cref="SessionOpener"/> answers. With a session, this is its client's turn: the caller queues CONNACK, gives the session its
/// connection with <see cref="Attach"/> and disposes, and only then does another CONNECT of the client go on.
/// </summary>
internal readonly struct OpenedSession : IDisposable
{
    private readonly ClientTurns.Turn? _turn;
    private readonly long _claimId;
    private readonly ulong _epoch;

    public OpenedSession(ClientTurns.Turn turn, Session session, long claimId, OpenReply reply)
    {
        (_turn, Session, _claimId, _epoch) = (turn, session, claimId, reply.Epoch);
        SessionPresent = reply.SessionPresent;
    }

    private OpenedSession(ReasonCode reason) => Reason = reason;

    /// <summary>Null: refused.</summary>
    public Session? Session { get; }

    /// <summary>Why there is no session; Success with one.</summary>
    public ReasonCode Reason { get; }

    /// <summary>For CONNACK. [MQTT-3.2.2-2]</summary>
    public bool SessionPresent { get; }

    public static OpenedSession Refuse(ReasonCode reason) => new(reason);

    /// <summary>CONNACK is queued: deliveries begin behind it. [MQTT-3.2.0-1]</summary>
    public void Attach(Connection connection)
    {
        if (Session is { } session)
        {
            session.ClaimId = _claimId;
            session.Attach(connection, _epoch, connection.Client.ReceiveMaximum);
        }
    }

    public void Dispose() => _turn?.Dispose();
}
