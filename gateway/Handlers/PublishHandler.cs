using System.Text.Unicode;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Handlers;

/// <summary>Where a PUBLISH enters. MQTT 5 §3.3.</summary>
/// <remarks>
/// <code>
///  socket ──1──► Connection ──► ReadDispatcher ──► PacketDispatcher ──► PublishHandler ──2──► Router ──► LocalTrie
///                                                                                     │
///                        RetainedMessages ◄── retain flag                             3  one shared Message, one
///                              │                                                      ▼  QueuedDelivery per receiver
///                          RetainGrain     durable, QoS 1, 2 ──► StoreLanes ◄────► Session
///                                                                 │   ▲               4  in-flight window, backlog
///                                                          SessionStoreGrain          ▼
///  socket ◄──6── OutboundWriter ◄── PublishEncoder ◄─────────────────5────────── OutboundQueue
/// </code>
/// Publications of one read are all dispatched before any subscriber is flushed; acknowledgements follow their commits.
/// </remarks>
internal sealed class PublishHandler(Publisher publisher, RetainedMessages retained, GatewayMetrics metrics, ConnectionOptions options)
{
    public ReasonCode Handle(Connection connection, SessionPart session, byte flags, ReadOnlySpan<byte> body, Dispatch dispatch)
    {
        var error = PublishPacket.TryParse(body, flags, connection.Client.Version, out var packet);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        error = Check(connection, session, packet, dispatch, out var topic);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        if (TopicName.IsReserved(topic))
        {
            return Refuse(connection, packet, ReasonCode.NotAuthorized, dispatch); // §4.7.2
        }

        if (TopicName.Levels(topic) > options.MaximumTopicLevels)
        {
            return Refuse(connection, packet, ReasonCode.TopicNameInvalid, dispatch);
        }

        if (packet.QoS == QoS.ExactlyOnce && !session.InboundQoS2.TryAccept(packet.PacketId, out var promise, out var isHalfKnown))
        {
            if (isHalfKnown && packet.Retain)
            {
                promise = RetainAgain(connection, session, packet, topic, promise, dispatch);
            }

            Answer(connection, packet, ReasonCode.Success, promise, dispatch); // a repetition: acknowledged, not delivered again [MQTT-4.3.3-10]
            return ReasonCode.Success;
        }

        var reason = Publish(connection, session, packet, topic, dispatch, out var commit);
        Answer(connection, packet, reason, commit, dispatch);
        return ReasonCode.Success;
    }

    private ReasonCode Publish(
        Connection connection, SessionPart session, scoped in PublishPacket packet, ReadOnlySpan<byte> topic, Dispatch dispatch,
        out Task<SessionResult>? commit)
    {
        // :: Step 2: from the packet to one shared message, and to every session that subscribed
        dispatch.HasQoS0 |= packet.QoS == QoS.AtMostOnce;
        var origin = packet.QoS == QoS.ExactlyOnce && session.KeepsInboundQoS2 ? new MessageOrigin(session.Key, packet.PacketId) : null;
        var message = Message.Create(topic, packet, ExpiresAt(connection, packet));
        var isMatched = publisher.Deliver(message, session, origin, dispatch, out var queued);
        commit = packet.Retain ? queued.And(retained.Set(message, dispatch.Burst)) : queued;
        if (packet.QoS == QoS.ExactlyOnce && commit is not null)
        {
            session.InboundQoS2.Promise(packet.PacketId, commit, queued);
        }

        metrics.Received(1, isMatched ? 0 : 1);
        return isMatched || packet.Retain ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers;
    }

    /// <summary>
    /// The store has the publication for its sessions; what made the client repeat it may have come before it was retained. Where it was,
    /// it is so once more: not acknowledged yet, it has no place among the others that were retained meanwhile.
    /// </summary>
    private Task<SessionResult> RetainAgain(
        Connection connection, SessionPart session, scoped in PublishPacket packet, ReadOnlySpan<byte> topic, Task<SessionResult>? queued, Dispatch dispatch)
    {
        var commit = queued.And(retained.Set(Message.Create(topic, packet, ExpiresAt(connection, packet)), dispatch.Burst));
        session.InboundQoS2.Promise(packet.PacketId, commit, queued);
        return commit;
    }

    /// <summary>
    /// A publication that this client may not make: MQTT 5 has a code for it. An older client takes an acknowledgement for success. It gets one
    /// where no client may, since it would only say the same again, and is closed otherwise (3.1.1 [MQTT-3.3.5-2] leaves the choice). At QoS 0
    /// there is nothing to answer.
    /// </summary>
    private ReasonCode Refuse(Connection connection, scoped in PublishPacket packet, ReasonCode reason, Dispatch dispatch)
    {
        var isTold = packet.QoS != QoS.AtMostOnce && connection.Client.Version == ProtocolVersion.Mqtt5;
        if (packet.QoS != QoS.AtMostOnce && !isTold && reason != ReasonCode.NotAuthorized)
        {
            return reason;
        }

        if (!isTold)
        {
            metrics.Dropped(DropReason.Refused);
        }

        Answer(connection, packet, reason, commit: null, dispatch);
        return ReasonCode.Success;
    }

    private ReasonCode Check(Connection connection, SessionPart session, scoped in PublishPacket packet, Dispatch dispatch, out ReadOnlySpan<byte> topic)
    {
        topic = packet.Topic;
        if (packet.HasTopicAlias)
        {
            var error = connection.InboundAliases.TryResolve(packet.TopicAlias, options.TopicAliasMaximum, ref topic);
            if (error != ReasonCode.Success)
            {
                return error;
            }
        }

        if ((byte)packet.QoS > options.MaximumQoS)
        {
            return ReasonCode.QoSNotSupported; // [MQTT-3.2.2-11]
        }

        if (packet.Retain && !options.RetainAvailable)
        {
            return ReasonCode.RetainNotSupported; // [MQTT-3.2.2-14]
        }

        if (packet.PayloadFormat == 1 && options.ValidatePayloadFormat && !Utf8.IsValid(packet.Payload))
        {
            return ReasonCode.PayloadFormatInvalid;
        }

        return IsOverReceiveMaximum(connection, session, packet, dispatch) ? ReasonCode.ReceiveMaximumExceeded : ReasonCode.Success;
    }

    /// <summary>[MQTT-3.3.4-7]: what was read but not acknowledged. Only MQTT 5 tells the client the limit.</summary>
    private bool IsOverReceiveMaximum(Connection connection, SessionPart session, scoped in PublishPacket packet, Dispatch dispatch)
    {
        if (packet.QoS == QoS.AtMostOnce || connection.Client.Version != ProtocolVersion.Mqtt5)
        {
            return false;
        }

        dispatch.UnacknowledgedQoS1 += packet.QoS == QoS.AtLeastOnce ? 1 : 0;
        var isNewQoS2 = packet.QoS == QoS.ExactlyOnce && !session.InboundQoS2.IsCounted(packet.PacketId);
        return dispatch.UnacknowledgedQoS1 + session.InboundQoS2.Count + (isNewQoS2 ? 1 : 0) > options.ReceiveMaximum;
    }

    private static void Answer(Connection connection, scoped in PublishPacket packet, ReasonCode reason, Task<SessionResult>? commit, Dispatch dispatch)
    {
        if (packet.QoS == QoS.AtMostOnce)
        {
            return;
        }

        var type = packet.QoS == QoS.AtLeastOnce ? PacketType.Puback : PacketType.Pubrec; // [MQTT-3.3.4-1]
        dispatch.Answer(connection, type, packet.PacketId, reason, commit);
    }

    private static long ExpiresAt(Connection connection, scoped in PublishPacket packet) =>
        packet.MessageExpiryInterval is { } seconds ? Math.Max(1, connection.UnixNow + (1000L * seconds)) : 0;
}
