using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;
using Orleans;

namespace GrainMQ.Gateway.Handlers;

/// <summary>UNSUBSCRIBE. MQTT 5 §3.10.</summary>
internal sealed class UnsubscribeHandler(GatewayContext gateway, IGrainFactory grains, GrainCalls calls)
{
    public ValueTask<ReasonCode> Handle(Connection connection, Session session, ReadOnlySpan<byte> body)
    {
        var error = UnsubscribePacket.TryParse(body, connection.Version, out var packet);
        if (packet is null || error != ReasonCode.Success)
        {
            return new(error);
        }

        if (!Array.TrueForAll(packet.Filters, TopicFilter.IsValid))
        {
            return new(ReasonCode.MalformedPacket); // as in SUBSCRIBE: [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1]
        }

        // what a data stream subscribed to is that stream's alone to end
        var filters = session.IsDurable ? Array.FindAll(packet.Filters, filter => !session.IsHeldElsewhere(filter)) : [];
        if (filters.Length > 0)
        {
            return CommitAsync(connection, session, packet, filters);
        }

        return new(Unsubscribe(connection, session, packet));
    }

    private async ValueTask<ReasonCode> CommitAsync(Connection connection, Session session, UnsubscribePacket packet, string[] filters)
    {
        if (!session.TryGetClaim(connection, out ulong epoch))
        {
            return ReasonCode.Success; // it is being closed
        }

        try
        {
            var grain = grains.GetGrain<ISessionGrain>(session.Key);
            var result = await calls.CallAsync(() => grain.UnsubscribeAsync(epoch, filters)).ConfigureAwait(false);
            if (result == SessionResult.Fenced)
            {
                connection.Close(CloseCause.Fenced, ReasonCode.SessionTakenOver);
                return ReasonCode.Success;
            }

            if (session.Main.Epoch != epoch)
            {
                return ReasonCode.Success; // the next connection got what was committed with its CONNECT
            }

            if (result == SessionResult.Ok)
            {
                return Unsubscribe(connection, session, packet);
            }
        }
        catch (Exception exception)
        {
            HandlerLog.UnsubscribeFailed(gateway.Logger, session.ClientId, exception.Message);
        }

        if (connection.Version != ProtocolVersion.Mqtt5)
        {
            return ReasonCode.ServerUnavailable; // an UNSUBACK of 3.1.1 cannot say that nothing was done
        }

        return Answer(connection, packet, [.. packet.Filters.Select(_ => ReasonCode.UnspecifiedError)]);
    }

    private ReasonCode Unsubscribe(Connection connection, Session session, UnsubscribePacket packet)
    {
        // [MQTT-3.10.4-1]: filters are compared character by character
        var reasons = Array.ConvertAll(
            packet.Filters, filter => session.Unsubscribe(gateway.Subscriptions, filter) ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted);
        return Answer(connection, packet, reasons);
    }

    /// <summary>[MQTT-3.10.4-4] [MQTT-3.10.4-6]</summary>
    private static ReasonCode Answer(Connection connection, UnsubscribePacket packet, ReasonCode[] reasons)
    {
        if (UnsubackPacket.Encode(connection.Version, packet.PacketId, reasons, (uint)connection.ClientMaximumPacketSize) is not { } unsuback)
        {
            return ReasonCode.PacketTooLarge; // the client would wait for it for ever
        }

        connection.Reply(OutboundFrame.Of(PacketType.Unsuback, unsuback));
        return ReasonCode.Success;
    }
}
