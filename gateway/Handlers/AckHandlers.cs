using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Handlers;

/// <summary>PUBACK, PUBREC and PUBCOMP for what the client received; PUBREL for what it sent. MQTT 5 §3.4 to §3.7, §4.3.</summary>
internal static class AckHandlers
{
    public static ReasonCode Puback(Connection connection, SessionPart session, ReadOnlySpan<byte> body, Dispatch dispatch)
    {
        var error = PubackPacket.TryParse(body, connection.Client.Version, out var packet);
        dispatch.Burst.Wake(connection); // what the acknowledgement makes room for is sent with the flush
        return error == ReasonCode.Success ? session.OnPuback(connection, packet.PacketId) : error;
    }

    /// <summary>Several at once, as a client sends them that acknowledges what a read has brought.</summary>
    /// <param name="run">See <see cref="PubackPacket.RunLength"/>.</param>
    public static ReasonCode Pubacks(Connection connection, SessionPart session, ReadOnlySpan<byte> run, Dispatch dispatch)
    {
        dispatch.Burst.Wake(connection);
        return session.OnPubacks(connection, run);
    }

    public static ReasonCode Pubrec(Connection connection, SessionPart session, ReadOnlySpan<byte> body, Dispatch dispatch)
    {
        var error = PubrecPacket.TryParse(body, connection.Client.Version, out var packet);
        dispatch.Burst.Wake(connection);
        return error == ReasonCode.Success ? session.OnPubrec(connection, packet.PacketId, packet.ReasonCode) : error;
    }

    public static ReasonCode Pubcomp(Connection connection, SessionPart session, ReadOnlySpan<byte> body, Dispatch dispatch)
    {
        var error = PubcompPacket.TryParse(body, connection.Client.Version, out var packet);
        dispatch.Burst.Wake(connection);
        return error == ReasonCode.Success ? session.OnPubcomp(connection, packet.PacketId) : error;
    }

    /// <summary>Always answered by PUBCOMP: the client may be repeating it. [MQTT-4.3.3-11]</summary>
    public static ReasonCode Pubrel(Connection connection, SessionPart session, ReadOnlySpan<byte> body, Dispatch dispatch)
    {
        var error = PubrelPacket.TryParse(body, connection.Client.Version, out var packet);
        if (error == ReasonCode.Success)
        {
            var known = session.OnPubrel(packet.PacketId, dispatch.Burst, out var commit);
            var reason = known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound;
            dispatch.Answer(connection, PacketType.Pubcomp, packet.PacketId, reason, commit);
        }

        return error;
    }
}
