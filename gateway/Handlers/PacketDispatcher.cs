using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Handlers;

/// <summary>
/// The one protocol layer: every packet of every version on every transport comes through here and goes to the handler that bears
/// its name. A handler returns Success or the code to break the connection with.
/// </summary>
internal sealed class PacketDispatcher(
    ConnectHandler connect, AuthHandler auth, PublishHandler publish, SubscribeHandler subscribe, UnsubscribeHandler unsubscribe,
    DisconnectHandler disconnect)
{
    /// <summary>
    /// A client that takes many messages answers with many PUBACKs, which cost the session one turn together; false when there are none at the
    /// front of the input.
    /// </summary>
    public bool TryDispatchAcks(Connection connection, ReadOnlySpan<byte> input, Dispatch dispatch, out int length, out ReasonCode reason)
    {
        length = 0;
        reason = ReasonCode.Success;
        if (connection.Session is not SessionPart session || (length = PubackPacket.RunLength(input)) == 0)
        {
            return false;
        }

        reason = AckHandlers.Pubacks(connection, session, input[..length], dispatch);
        return true;
    }

    public ValueTask<ReasonCode> Dispatch(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body, Dispatch dispatch)
    {
        if (connection.Session is not SessionPart session)
        {
            if (connection.Authentication is { Connect: { } waiting } authentication)
            {
                return connect.Continue(connection, authentication, waiting, header, body);
            }

            // [MQTT-3.1.0-1]: before CONNECT there is no answer, so the connection is just closed
            return header.Type == PacketType.Connect ? connect.Handle(connection, body) : new(ReasonCode.ProtocolError);
        }

        switch (header.Type)
        {
            case PacketType.Publish:
                return new(publish.Handle(connection, session, header.Flags, body, dispatch));
            case PacketType.Puback:
                return new(AckHandlers.Puback(connection, session, body, dispatch));
            case PacketType.Pubrec:
                return new(AckHandlers.Pubrec(connection, session, body, dispatch));
            case PacketType.Pubrel:
                return new(AckHandlers.Pubrel(connection, session, body, dispatch));
            case PacketType.Pubcomp:
                return new(AckHandlers.Pubcomp(connection, session, body, dispatch));
            case PacketType.Subscribe:
                return subscribe.Handle(connection, session, body);
            case PacketType.Unsubscribe:
                return unsubscribe.Handle(connection, session, body);
            case PacketType.Pingreq when !connection.IsDataStream:
                return new(PingreqHandler.Handle(connection, body));
            case PacketType.Disconnect when !connection.IsDataStream:
                return new(disconnect.Handle(connection, session, body));
            case PacketType.Auth when !connection.IsDataStream:
                return new(auth.Handle(connection, body));
            default:
                // a second CONNECT [MQTT-3.1.0-2]; what belongs on the control stream, on a data stream
                return new(ReasonCode.ProtocolError);
        }
    }
}
