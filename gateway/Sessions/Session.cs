using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// The gateway's side of one session: its subscriptions, what is on its way to the client, and the connection that takes it. The
/// grains hold the record that outlives this process; while no connection is attached, messages go there. MQTT 5 §4.1.
/// <para>One gate per session guards it all; the connection's queue has a lock of its own that is taken inside the gate, never around it.</para>
/// </summary>
internal sealed partial class Session(string key, string clientId, DeliveryLimits limits, StoreLanes store, Session? main = null) : ISubscriber, IDurableSession
{
    private readonly Lock _gate = new();
    private readonly Backlog _backlog = new();
    private readonly InflightWindow _inflight = new();
    private Connection? _connection;
    private SessionPhase _phase = SessionPhase.Opening;
    private int _quota;

    /// <summary>The grain key, <c>tenant/clientId</c>.</summary>
    public string Key { get; } = key;

    public string ClientId { get; } = clientId;

    /// <summary>Chooses share group members by publisher; stable for a client identifier.</summary>
    public ulong ClientHash { get; } = (ulong)string.GetHashCode(clientId) * 0x9E3779B97F4A7C15;

    /// <summary>The claim that the grains gave to the current or last connection; lower ones are fenced.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>Session Expiry Interval in seconds: 0 ends with the connection, <see cref="uint.MaxValue"/> never expires.</summary>
    public uint ExpirySeconds { get; set; }

    public bool IsDurable => ExpirySeconds != 0;

    public Connection? Connection => Volatile.Read(ref _connection);

    public SessionPhase Phase => _phase;

    public int Waiting => _backlog.Count + Streams.Sum(stream => stream.Waiting);

    public long WaitingBytes => _backlog.Bytes;

    public int InFlight => _inflight.Count + Streams.Sum(stream => stream.InFlight);

    /// <summary>Whether a share group should choose this member: read without the gate, a guess that may be a message old.</summary>
    public bool CanTakeNow => Connection is { } connection && _backlog.Count == 0 && HasQuota && connection.Outbound.HasRoom;

    ISubscriber ISubscriber.Main => Main;

    IDurableSession IDurableSession.Main => Main;

    bool ISubscriber.IsConnected => Connection is not null;

    bool ISubscriber.HasEnded => _phase == SessionPhase.Ended;

    private bool HasQuota => _inflight.Count - _inflight.PendingResends < _quota && _inflight.HasIdentifier;

    /// <summary>
    /// Gives a message to the session. QoS 1 and 2 of a session that outlives its connection go to the store, which gives them back
    /// under their number (<see cref="DeliverStored"/>); they are added to its lane inside the gate, or one could pass a CONNECT that
    /// waits for the lane to be empty. Everything else goes on the wire's queue when there is room, else into the backlog, each with
    /// its bound. A publisher never waits for a subscriber.
    /// </summary>
    public void Deliver(in QueuedDelivery delivery, Burst burst)
    {
        Connection? connection;
        DeliveryResult result;
        lock (_gate)
        {
            NoteOvertaking(delivery.Message);
            if (IsDurable && delivery.QoS != QoS.AtMostOnce && _phase != SessionPhase.Ended)
            {
                store.Queue(this, delivery, burst);
                return;
            }

            connection = _connection;
            result = _phase switch
            {
                SessionPhase.Connected => DeliverConnected(connection!, delivery), // Connected has one by definition
                SessionPhase.Opening => Enqueue(delivery, connectionWaiting: 0),
                SessionPhase.Folded => DeliveryResult.Folded,
                _ => DeliveryResult.Dropped,
            };
        }

        if (connection is null)
        {
            if (result == DeliveryResult.Folded)
            {
                Main.Deliver(delivery, burst);
            }

            return;
        }

        if (result == DeliveryResult.Overflow)
        {
            connection.Close(CloseCause.QuotaExceeded, ReasonCode.QuotaExceeded);
        }
        else
        {
            burst.Wake(connection);
        }
    }

    /// <summary>Moves what waits onto the connection's queue, as far as queue and Receive Maximum allow.</summary>
    public void RefillFor(Connection connection)
    {
        if (_backlog.Count == 0 && _inflight.PendingResends == 0)
        {
            return;
        }

        lock (_gate)
        {
            if (_connection == connection)
            {
                Refill(connection);
            }
        }
    }

    /// <summary>A message whose time ran out while it waited to be written: as if it had never been sent.</summary>
    public void Expire(Connection connection, in QueuedDelivery delivery)
    {
        limits.Metrics.Dropped(DropReason.Expired);
        lock (_gate)
        {
            if (_connection == connection && delivery.PacketId != 0)
            {
                _inflight.Remove(delivery.PacketId, out _);
                End(delivery.Sequence);
            }
        }
    }

    private void Refill(Connection connection)
    {
        if (_phase != SessionPhase.Connected)
        {
            return; // a data stream that is closing
        }

        while (_inflight.PendingResends > 0 && HasQuota && connection.Outbound.HasRoom && _inflight.TryTakeResend(out var resend, out var stage))
        {
            SendAgain(connection, ref resend, stage);
        }

        while (_backlog.Count > 0 && connection.Outbound.HasRoom)
        {
            var needsQuota = _backlog.Peek().QoS != QoS.AtMostOnce;
            if (needsQuota && (_inflight.PendingResends > 0 || !HasQuota)) // [MQTT-3.3.4-9]
            {
                break;
            }

            var delivery = _backlog.Dequeue();
            if (delivery.Message.IsExpired(connection.UnixNow)) // [MQTT-3.3.2-5]
            {
                limits.Metrics.Dropped(DropReason.Expired);
                End(delivery.Sequence);
            }
            else if (Fits(connection, delivery))
            {
                Send(connection, ref delivery);
            }
            else
            {
                End(delivery.Sequence);
            }
        }

        SignalDrained();
        ReadOn();
    }

    private DeliveryResult DeliverConnected(Connection connection, in QueuedDelivery delivery)
    {
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

    private bool CanSend(Connection connection, QoS qos) =>
        connection.Outbound.HasRoom && (qos == QoS.AtMostOnce || (HasQuota && _inflight.PendingResends == 0));

    private DeliveryResult Enqueue(in QueuedDelivery delivery, int connectionWaiting)
    {
        while (IsFull(delivery, connectionWaiting))
        {
            limits.Metrics.Dropped(DropReason.QueueFull);
            if (!_backlog.TryDropOldestQoS0())
            {
                return delivery.QoS != QoS.AtMostOnce && limits.WhenFull == FullQueuePolicy.Disconnect ? DeliveryResult.Overflow : DeliveryResult.Dropped;
            }
        }

        _backlog.Enqueue(delivery);
        return DeliveryResult.Queued;
    }

    private bool IsFull(in QueuedDelivery delivery, int connectionWaiting) =>
        _backlog.Count + connectionWaiting >= limits.LiveMessages || _backlog.Bytes + delivery.Length > limits.LiveBytes;

    private void Send(Connection connection, ref QueuedDelivery delivery)
    {
        if (delivery.QoS != QoS.AtMostOnce)
        {
            delivery.PacketId = _inflight.Add(delivery);
        }

        if (IsHeldBack(delivery))
        {
            _inflight.MarkUnsent(delivery.PacketId);
            HoldBack(delivery, PendingStage.Published);
        }
        else
        {
            Transmit(connection, delivery);
        }
    }

    private void Transmit(Connection connection, in QueuedDelivery delivery)
    {
        if (!connection.Outbound.TryEnqueue(OutboundFrame.Publish(delivery)) && delivery.PacketId != 0)
        {
            _inflight.MarkUnsent(delivery.PacketId); // the connection is closing: the next one sends it
        }
    }

    private void SendAgain(Connection connection, ref QueuedDelivery delivery, DeliveryStage stage)
    {
        if (stage != DeliveryStage.Released && !Fits(connection, delivery)) // an earlier connection accepted more
        {
            _inflight.Remove(delivery.PacketId, out _);
            End(delivery.Sequence);
            return;
        }

        delivery.Duplicate = stage == DeliveryStage.Published; // [MQTT-3.3.1-1]
        if (IsHeldBack(delivery)) // committed under the epoch of this connection: an earlier one's commit may have come too late
        {
            if (stage == DeliveryStage.Unsent)
            {
                _inflight.MarkUnsent(delivery.PacketId);
            }

            HoldBack(delivery, stage == DeliveryStage.Released ? PendingStage.Released : PendingStage.Published);
            return;
        }

        var isTaken = connection.Outbound.TryEnqueue(stage == DeliveryStage.Released
            ? OutboundFrame.Ack(PacketType.Pubrel, delivery.PacketId, ReasonCode.Success)
            : OutboundFrame.Publish(delivery));
        if (!isTaken && stage == DeliveryStage.Unsent)
        {
            _inflight.MarkUnsent(delivery.PacketId);
        }
    }

    /// <summary>Too big for this client: dropped as if it had been delivered. [MQTT-3.1.2-25]</summary>
    private bool Fits(Connection connection, in QueuedDelivery delivery)
    {
        var fits = connection.ClientMaximumPacketSize == int.MaxValue
            || PublishEncoder.Length(delivery, connection.Version) <= connection.ClientMaximumPacketSize;
        if (!fits)
        {
            limits.Metrics.Dropped(DropReason.PacketTooLarge);
        }

        return fits;
    }
}

internal enum SessionPhase : byte
{
    /// <summary>CONNECT is being answered: deliveries wait here, behind what the store still holds.</summary>
    Opening,
    Connected,
    /// <summary>Durable, without a connection: only QoS 1 and 2 matter, and they are in the store's queue.</summary>
    Offline,
    Ended,
    /// <summary>Of a data stream that has ended: the session takes what still comes.</summary>
    Folded,
}

internal enum DeliveryResult : byte
{
    Queued,
    Dropped,
    Overflow,
    /// <summary>The session of the data stream's client has to take it.</summary>
    Folded,
}
