using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Deliveries of one part of a session on their way to the client: the backlog that waits for room, and the in-flight window that Receive
/// Maximum bounds, until the client's last acknowledgement. All of it is used inside the part's gate; properties may be read without it, as
/// a guess. MQTT 5 §4.3, §4.9.
/// </summary>
internal class OutboundDelivery(SessionPart part)
{
    /// <summary>What may wait here of what the store has; the client's Receive Maximum comes on top.</summary>
    private const int WindowMessages = 1000;
    private const int WindowBytes = 512 * 1024;

    private readonly Backlog _backlog = new();
    private int _receiveMaximum;

    public int Waiting => _backlog.Count;

    public long WaitingBytes => _backlog.Bytes;

    public int InFlight => Window.Count;

    /// <summary>Receive Maximum of the client.</summary>
    public int ReceiveMaximum => _receiveMaximum;

    /// <summary>Something waits to be sent, or to be sent again.</summary>
    public bool HasUnsent => _backlog.Count > 0 || Window.PendingResends > 0;

    /// <summary>There is room for more of what the store has.</summary>
    public bool HasWindow => _backlog.Count < WindowMessages && _backlog.Bytes < WindowBytes;

    /// <summary>Deliveries that are not over, for whatever comes after the connection.</summary>
    public UnfinishedDeliveries Unfinished => new(_backlog, Window);

    protected InflightWindow Window { get; } = new();

    protected SessionPart Part => part;

    private bool IsBelowReceiveMaximum => Window.Count - Window.PendingResends < _receiveMaximum && Window.HasIdentifier;

    private DeliveryLimits Limits => part.Limits;

    public bool CanTakeNow(Connection connection) => _backlog.Count == 0 && IsBelowReceiveMaximum && connection.Outbound.HasRoom;

    /// <summary>A connection begins: what was in flight is sent again. [MQTT-4.4.0-1]</summary>
    public void BeginConnection(int receiveMaximum)
    {
        part.AssertGate();
        _receiveMaximum = receiveMaximum;
        Window.MarkAllForResend();
    }

    /// <summary>The connection ended: its publications that never reached the wire are first deliveries for the next one.</summary>
    public void EndConnection(IEnumerable<OutboundFrame> unsent)
    {
        part.AssertGate();
        foreach (var frame in unsent)
        {
            if (!frame.Delivery.Duplicate) // a repetition was sent before, whatever became of it now
            {
                Window.MarkUnsent(frame.Delivery.PacketId);
            }
        }
    }

    /// <summary>A live message: sent when there is room, else it waits within the live bounds.</summary>
    public DeliveryResult Deliver(Connection connection, in QueuedDelivery delivery)
    {
        part.AssertGate();
        if (!Fits(connection, delivery))
        {
            return DeliveryResult.Dropped;
        }

        if (_backlog.Count == 0 && CanSend(connection, delivery.QoS))
        {
            var copy = delivery;
            Send(connection, ref copy);
            return DeliveryResult.Queued;
        }

        return Enqueue(delivery, connection.Outbound.Publishes);
    }

    /// <summary>A live message that has to wait; within the live bounds, which <paramref name="connectionWaiting"/> messages use already.</summary>
    public DeliveryResult Enqueue(in QueuedDelivery delivery, int connectionWaiting)
    {
        part.AssertGate();
        while (IsFull(delivery, connectionWaiting))
        {
            Limits.Metrics.Dropped(DropReason.QueueFull);
            if (!_backlog.TryDropOldestQoS0())
            {
                return delivery.QoS != QoS.AtMostOnce && Limits.WhenFull == FullQueuePolicy.Disconnect ? DeliveryResult.Overflow : DeliveryResult.Dropped;
            }
        }

        _backlog.Enqueue(delivery);
        return DeliveryResult.Queued;
    }

    /// <summary>A message outside the live bounds, since its source waits for room: sent when there is room now, else it waits.</summary>
    public void Accept(Connection connection, in QueuedDelivery delivery)
    {
        part.AssertGate();
        if (!Fits(connection, delivery))
        {
            part.EndDelivery(delivery.Sequence);
        }
        else if (_backlog.Count == 0 && CanSend(connection, delivery.QoS))
        {
            var copy = delivery;
            Send(connection, ref copy);
        }
        else
        {
            _backlog.Enqueue(delivery);
        }
    }

    /// <summary>A message outside the live bounds that has to wait.</summary>
    public void Hold(in QueuedDelivery delivery)
    {
        part.AssertGate();
        _backlog.Enqueue(delivery);
    }

    /// <summary>What waits has no receiver any more.</summary>
    public void DropWaiting()
    {
        part.AssertGate();
        _backlog.Clear();
    }

    /// <summary>Moves what waits onto the connection's queue, repetitions first, as far as queue and Receive Maximum allow.</summary>
    public void Refill(Connection connection)
    {
        part.AssertGate();
        while (Window.PendingResends > 0 && IsBelowReceiveMaximum && connection.Outbound.HasRoom && Window.TryTakeResend(out var resend, out var stage))
        {
            SendAgain(connection, ref resend, stage);
        }

        while (_backlog.Count > 0 && connection.Outbound.HasRoom)
        {
            var isCounted = _backlog.Peek().QoS != QoS.AtMostOnce;
            if (isCounted && (Window.PendingResends > 0 || !IsBelowReceiveMaximum)) // pending: the writer made room just now [MQTT-3.3.4-9]
            {
                break;
            }

            var delivery = _backlog.Dequeue();
            if (delivery.Message.IsExpired(connection.UnixNow)) // [MQTT-3.3.2-5]
            {
                Limits.Metrics.Dropped(DropReason.Expired);
                part.EndDelivery(delivery.Sequence);
            }
            else if (Fits(connection, delivery))
            {
                Send(connection, ref delivery);
            }
            else
            {
                part.EndDelivery(delivery.Sequence);
            }
        }
    }

    // What each acknowledgement does in each state is a table in docs/conformance.md.

    /// <summary>PUBACK ends a QoS 1 delivery. An identifier under which nothing was sent is of an earlier session and means nothing.</summary>
    public ReasonCode OnPuback(ushort packetId)
    {
        part.AssertGate();
        if (!Window.TryPeek(packetId, out var qos, out var sequence))
        {
            return ReasonCode.Success;
        }

        if (qos != QoS.AtLeastOnce)
        {
            return ReasonCode.ProtocolError; // PUBACK answers QoS 1 only. §4.3.2
        }

        Window.Remove(packetId);
        part.EndDelivery(sequence);
        return ReasonCode.Success;
    }

    /// <summary>
    /// PUBREC is answered by PUBREL; a refusal ends the delivery and gets no answer, also when there is none. [MQTT-4.3.3-4]
    /// </summary>
    public ReasonCode OnPubrec(Connection connection, ushort packetId, ReasonCode reason)
    {
        part.AssertGate();
        if (!Window.TryGetSent(packetId, out var stage))
        {
            if (!reason.IsError())
            {
                connection.Outbound.TryEnqueue(OutboundFrame.Ack(PacketType.Pubrel, packetId, ReasonCode.PacketIdentifierNotFound));
            }

            return ReasonCode.Success;
        }

        var delivery = Window.DeliveryOf(packetId);
        if (delivery.QoS != QoS.ExactlyOnce)
        {
            return ReasonCode.ProtocolError;
        }

        if (reason.IsError())
        {
            if (stage != DeliveryStage.Released)
            {
                Window.Remove(packetId);
                part.EndDelivery(delivery.Sequence);
            }

            return ReasonCode.Success;
        }

        Window.Release(packetId);
        if (!TryHoldBack(delivery, DeliveryStage.Released))
        {
            connection.Outbound.TryEnqueue(OutboundFrame.Ack(PacketType.Pubrel, packetId, ReasonCode.Success));
        }

        return ReasonCode.Success;
    }

    /// <summary>
    /// PUBCOMP ends a QoS 2 delivery that was released. Where PUBACK or PUBREC is due it is an error: ignored, it would leave the client
    /// without this delivery and the window with it. What this connection has not repeated yet may be late word of an earlier one.
    /// </summary>
    public ReasonCode OnPubcomp(ushort packetId)
    {
        part.AssertGate();
        if (!Window.TryGetSent(packetId, out var stage))
        {
            return ReasonCode.Success;
        }

        if (stage != DeliveryStage.Released)
        {
            return Window.IsPendingResend(packetId) ? ReasonCode.Success : ReasonCode.ProtocolError; // §4.3.2, §4.3.3
        }

        Window.Remove(packetId, out var delivery);
        part.EndDelivery(delivery.Sequence);
        return ReasonCode.Success;
    }

    /// <summary>The connection's writer found a message expired: as if it had never been sent.</summary>
    public void Expire(in QueuedDelivery delivery)
    {
        part.AssertGate();
        if (delivery.PacketId != 0)
        {
            Window.Remove(delivery.PacketId, out _);
            part.EndDelivery(delivery.Sequence);
        }
    }

    /// <summary>
    /// False when the message is too big for this client, or for any: what an older client published at the bound of the format may be a byte
    /// longer on MQTT 5. Dropped as if it had been delivered. [MQTT-3.1.2-25]
    /// </summary>
    public bool Fits(Connection connection, in QueuedDelivery delivery)
    {
        var (largest, version) = (connection.Client.MaximumPacketSize, connection.Client.Version);
        var fits = PublishEncoder.LengthBound(delivery) <= largest || PublishEncoder.Length(delivery, version) <= largest;
        if (!fits)
        {
            Limits.Metrics.Dropped(DropReason.PacketTooLarge);
        }

        return fits;
    }

    /// <summary>True when the packet that brings the delivery to this stage may not leave yet, and will be sent when it may.</summary>
    protected virtual bool TryHoldBack(in QueuedDelivery delivery, DeliveryStage stage) => false;

    protected void Transmit(Connection connection, in QueuedDelivery delivery)
    {
        if (!connection.Outbound.TryEnqueue(OutboundFrame.Publish(delivery)) && delivery.PacketId != 0)
        {
            Window.MarkUnsent(delivery.PacketId); // the connection is closing: the next one sends it
        }
    }

    private bool CanSend(Connection connection, QoS qos) =>
        connection.Outbound.HasRoom && (qos == QoS.AtMostOnce || (IsBelowReceiveMaximum && Window.PendingResends == 0));

    private bool IsFull(in QueuedDelivery delivery, int connectionWaiting) =>
        _backlog.Count + connectionWaiting >= Limits.LiveMessages || _backlog.Bytes + delivery.Length > Limits.LiveBytes;

    private void Send(Connection connection, ref QueuedDelivery delivery)
    {
        if (delivery.QoS != QoS.AtMostOnce)
        {
            delivery.PacketId = Window.Add(delivery);
            if (TryHoldBack(delivery, DeliveryStage.Published))
            {
                Window.MarkUnsent(delivery.PacketId);
                return;
            }
        }

        Transmit(connection, delivery);
    }

    private void SendAgain(Connection connection, ref QueuedDelivery delivery, DeliveryStage stage)
    {
        if (stage != DeliveryStage.Released && !Fits(connection, delivery)) // an earlier connection accepted more
        {
            Window.Remove(delivery.PacketId, out _);
            part.EndDelivery(delivery.Sequence);
            return;
        }

        delivery.Duplicate = stage == DeliveryStage.Published; // [MQTT-3.3.1-1]
        var isRelease = stage == DeliveryStage.Released;
        // held back, it is committed under the epoch of this connection: an earlier one's commit may have come too late
        var leaves = !TryHoldBack(delivery, isRelease ? DeliveryStage.Released : DeliveryStage.Published)
            && connection.Outbound.TryEnqueue(isRelease
                ? OutboundFrame.Ack(PacketType.Pubrel, delivery.PacketId, ReasonCode.Success)
                : OutboundFrame.Publish(delivery));
        if (!leaves && stage == DeliveryStage.Unsent)
        {
            Window.MarkUnsent(delivery.PacketId);
        }
    }
}
