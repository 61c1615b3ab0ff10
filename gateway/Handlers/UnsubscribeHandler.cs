using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Handlers;

/// <summary>UNSUBSCRIBE. MQTT 5 §3.10.</summary>
internal sealed class UnsubscribeHandler(StoredSubscriptions stored, SubscriptionIndex subscriptions, ILogger<Connection> logger)
{
    public ValueTask<ReasonCode> Handle(Connection connection, SessionPart session, ReadOnlySpan<byte> body)
    {
        var error = UnsubscribePacket.TryParse(body, connection.Client.Version, out var packet);
        if (packet is null || error != ReasonCode.Success)
        {
            return new(error);
        }

        if (!Array.TrueForAll(packet.Filters, TopicFilter.IsValid))
        {
            return new(ReasonCode.MalformedPacket); // as in SUBSCRIBE: [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1]
        }

        return session.IsDurable ? CommitAsync(connection, session, packet) : new(Unsubscribe(connection, session, packet));
    }

    private ValueTask<ReasonCode> CommitAsync(Connection connection, SessionPart session, UnsubscribePacket packet) =>
        stored.ChangeAsync(connection, session, epoch => ChangeOf(session, packet, epoch), outcome =>
        {
            if (outcome.Failure is { } failure)
            {
                HandlerLog.UnsubscribeFailed(logger, session.ClientId, failure);
            }

            return outcome.Result == SessionResult.Ok ? Unsubscribe(connection, session, packet) : Refuse(connection, packet);
        });

    /// <summary>What another stream of the client subscribed to is that stream's alone to end.</summary>
    private static SessionDelta? ChangeOf(SessionPart session, UnsubscribePacket packet, ulong epoch)
    {
        var filters = Array.FindAll(packet.Filters, filter => !session.Subscriptions.IsHeldElsewhere(session, filter));
        return filters.Length == 0 ? null : new SessionDelta(session.Key, epoch, [], filters);
    }

    private static ReasonCode Refuse(Connection connection, UnsubscribePacket packet)
    {
        if (connection.Client.Version != ProtocolVersion.Mqtt5)
        {
            return ReasonCode.ServerUnavailable; // an UNSUBACK of 3.1.1 cannot say that nothing was done
        }

        return Answer(connection, packet, [.. packet.Filters.Select(_ => ReasonCode.UnspecifiedError)]);
    }

    private ReasonCode Unsubscribe(Connection connection, SessionPart session, UnsubscribePacket packet)
    {
        // [MQTT-3.10.4-1]: filters are compared character by character
        var reasons = Array.ConvertAll(
            packet.Filters, filter => session.Subscriptions.Unsubscribe(subscriptions, session, filter) ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted);
        return Answer(connection, packet, reasons);
    }

    /// <summary>[MQTT-3.10.4-4] [MQTT-3.10.4-6]</summary>
    private static ReasonCode Answer(Connection connection, UnsubscribePacket packet, ReasonCode[] reasons)
    {
        if (UnsubackPacket.Encode(connection.Client.Version, packet.PacketId, reasons, connection.Client.MaximumPacketSize) is not { } unsuback)
        {
            return ReasonCode.PacketTooLarge; // the client would wait for it for ever
        }

        connection.Reply(OutboundFrame.Of(PacketType.Unsuback, unsuback));
        return ReasonCode.Success;
    }
}
