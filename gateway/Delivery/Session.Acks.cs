using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>The client's acknowledgements, and the identifiers of its own QoS 2 publications. MQTT 5 §4.3.</summary>
internal sealed partial class Session
{
    private InboundQoS2? _inboundQoS2;

    /// <summary>QoS 2 publications of this connection between PUBLISH and PUBREL.</summary>
    public int InboundQoS2Count => _inboundQoS2?.Count ?? 0;

    /// <summary>PUBACK: ends a QoS 1 delivery. An unknown identifier is of an earlier session and means nothing.</summary>
    public ReasonCode Acknowledge(Connection connection, ushort packetId)
    {
        lock (_gate)
        {
            if (_connection != connection || !_inflight.TryGetStage(packetId, out _))
            {
                return ReasonCode.Success;
            }

            if (_inflight.DeliveryOf(packetId).QoS != QoS.AtLeastOnce)
            {
                return ReasonCode.ProtocolError; // PUBACK answers QoS 1 only. §4.3.2
            }

            _inflight.Remove(packetId, out var delivery);
            End(delivery.Sequence);
            Refill(connection);
            return ReasonCode.Success;
        }
    }

    /// <summary>PUBREC: answered by PUBREL; a refusal ends the delivery. [MQTT-4.3.3-4]</summary>
    public ReasonCode Receive(Connection connection, ushort packetId, ReasonCode reason)
    {
        lock (_gate)
        {
            if (_connection != connection)
            {
                return ReasonCode.Success;
            }

            if (!_inflight.TryGetStage(packetId, out var stage))
            {
                connection.Outbound.TryEnqueue(OutboundFrame.Ack(PacketType.Pubrel, packetId, ReasonCode.PacketIdentifierNotFound));
                return ReasonCode.Success;
            }

            var delivery = _inflight.DeliveryOf(packetId);
            if (delivery.QoS != QoS.ExactlyOnce)
            {
                return ReasonCode.ProtocolError;
            }

            if (reason.IsError())
            {
                if (stage != DeliveryStage.Released)
                {
                    _inflight.Remove(packetId, out _);
                    End(delivery.Sequence);
                    Refill(connection);
                }

                return ReasonCode.Success;
            }

            _inflight.Release(packetId);
            if (IsCommittedFirst(delivery))
            {
                HoldBack(delivery, PendingStage.Released);
                return ReasonCode.Success;
            }

            connection.Outbound.TryEnqueue(OutboundFrame.Ack(PacketType.Pubrel, packetId, ReasonCode.Success));
            return ReasonCode.Success;
        }
    }

    /// <summary>PUBCOMP: ends a QoS 2 delivery that was released.</summary>
    public void Complete(Connection connection, ushort packetId)
    {
        lock (_gate)
        {
            if (_connection == connection && _inflight.TryGetStage(packetId, out var stage) && stage == DeliveryStage.Released)
            {
                _inflight.Remove(packetId, out var delivery);
                End(delivery.Sequence);
                Refill(connection);
            }
        }
    }

    /// <summary>
    /// Notes the identifier of a QoS 2 publication; false when it is a repetition that must not be delivered again, and is acknowledged
    /// when <paramref name="promise"/> is kept. [MQTT-4.3.3-10]
    /// </summary>
    public bool TryAcceptQoS2(ushort packetId, out Task<SessionResult>? promise)
    {
        lock (_gate)
        {
            return (_inboundQoS2 ??= new InboundQoS2()).TryAccept(packetId, out promise);
        }
    }

    public void PromiseQoS2(ushort packetId, Task<SessionResult> promise)
    {
        lock (_gate)
        {
            _inboundQoS2?.Promise(packetId, promise);
        }
    }

    /// <summary>Whether the publication counts against the Receive Maximum already.</summary>
    public bool IsQoS2Counted(ushort packetId)
    {
        lock (_gate)
        {
            return _inboundQoS2?.IsCounted(packetId) == true;
        }
    }

    /// <summary>PUBREL: the identifier is free; false when it was not in use.</summary>
    public bool ReleaseQoS2(ushort packetId)
    {
        lock (_gate)
        {
            return _inboundQoS2?.Release(packetId, out _) == true;
        }
    }

    /// <summary>
    /// PUBREL: as above. What the store knows of the identifier is removed there before PUBCOMP, or it would take the client's next
    /// publication under it for a repetition.
    /// </summary>
    public bool ReleaseQoS2(ushort packetId, Burst burst)
    {
        lock (_gate)
        {
            bool isStored = false;
            bool known = _inboundQoS2?.Release(packetId, out isStored) == true;
            if (isStored && IsDurable)
            {
                store.Release(this, packetId, burst);
            }

            return known;
        }
    }
}
