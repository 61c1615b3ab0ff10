using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Handlers;

/// <summary>DISCONNECT: the client's orderly end. MQTT 5 §3.14.</summary>
internal static class DisconnectHandler
{
    public static ReasonCode Handle(Connection connection, SessionPart session, ReadOnlySpan<byte> body)
    {
        var error = DisconnectPacket.TryParse(body, connection.Version, out var packet);
        if (packet is null || error != ReasonCode.Success)
        {
            return error;
        }

        if (packet.SessionExpiryInterval is { } seconds)
        {
            if (seconds != 0 && !session.IsDurable)
            {
                return ReasonCode.ProtocolError; // [MQTT-3.1.2-23]: a session that was to end may not be kept now, §3.14.2.2.2
            }

            session.ExpirySeconds = Math.Min(seconds, connection.SessionExpiryMaximum);
        }

        var isNormal = packet.ReasonCode == ReasonCode.Success;
        if (isNormal)
        {
            connection.Will = null; // [MQTT-3.14.4-3]
        }

        connection.Close(isNormal ? CloseCause.ClientDisconnect : CloseCause.ClientDisconnectWithWill);
        return ReasonCode.Success;
    }
}
