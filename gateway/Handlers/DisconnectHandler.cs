using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Handlers;

/// <summary>DISCONNECT: the client's orderly end. MQTT 5 §3.14.</summary>
internal sealed class DisconnectHandler(ConnectTerms terms)
{
    public ReasonCode Handle(Connection connection, SessionPart session, ReadOnlySpan<byte> body)
    {
        var error = DisconnectPacket.TryParse(body, connection.Client.Version, out var packet);
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

            session.ExpirySeconds = Math.Min(seconds, terms.SessionExpiryMaximum);
        }

        // the cause discards the will, or does not [MQTT-3.14.4-3]: see Wills
        connection.Close(packet.ReasonCode == ReasonCode.Success ? CloseCause.ClientDisconnect : CloseCause.ClientDisconnectWithWill);
        return ReasonCode.Success;
    }
}
