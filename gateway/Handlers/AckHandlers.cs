using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Handlers;

/// <summary>PUBACK, PUBREC and PUBCOMP for what the client received; PUBREL for what it sent. MQTT 5 §3.4 to §3.7, §4.3.</summary>
internal static class AckHandlers
{
    public static ReasonCode Puback(Connection connection, SessionPart session, ReadOnlySpan<byte> body, Burst burst)
    {
        var error = PubackPacket.TryParse(body, connection.Client.Version, out var packet);
        burst.Wake(connection); // what the acknowledgement makes room for is sent when the burst ends
        return error == ReasonCode.Success ? session.OnPuback(connection, packet.PacketId) : error;
    }

    /// <summary>Several at once, as a client sends them that acknowledges what a read has brought.</summary>
    /// <param name="run">See <see cref="PubackPacket.RunLength"/>.</param>
    public static ReasonCode Pubacks(Connection connection, SessionPart session, ReadOnlySpan<byte> run, Burst burst)
    {
        burst.Wake(connection);
        return session.OnPubacks(connection, run);
    }

    public static ReasonCode Pubrec(Connection connection, SessionPart session, ReadOnlySpan<byte> body, Burst burst)
    {
        var error = PubrecPacket.TryParse(body, connection.Client.Version, out var packet);
        burst.Wake(connection);
        return error == ReasonCode.Success ? session.OnPubrec(connection, packet.PacketId, packet.ReasonCode) : error;
    }

    public static ReasonCode Pubcomp(Connection connection, SessionPart session, ReadOnlySpan<byte> body, Burst burst)
    {
        var error = PubcompPacket.TryParse(body, connection.Client.Version, out var packet);
        if (error == ReasonCode.Success)
        {
            session.OnPubcomp(connection, packet.PacketId);
            burst.Wake(connection);
        }

        return error;
    }

    /// <summary>Always answered by PUBCOMP: the client may be repeating it. [MQTT-4.3.3-11]</summary>
    public static ReasonCode Pubrel(Connection connection, SessionPart session, ReadOnlySpan<byte> body, Burst burst)
    {
        var error = PubrelPacket.TryParse(body, connection.Client.Version, out var packet);
        if (error == ReasonCode.Success)
        {
            burst.Ticket = null;
            var known = session.OnPubrel(packet.PacketId, burst);
            burst.Answer(connection, PacketType.Pubcomp, packet.PacketId, known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound);
        }

        return error;
    }
}
