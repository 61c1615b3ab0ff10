using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

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
            return _connection == connection ? Acknowledge(packetId) : ReasonCode.Success;
        }
    }

    /// <summary>As <see cref="Acknowledge(Connection, ushort)"/>, for each PUBACK of a run: see <see cref="PubackPacket.RunLength"/>.</summary>
    public ReasonCode AcknowledgeAll(Connection connection, ReadOnlySpan<byte> run)
    {
        var reason = ReasonCode.Success;
        lock (_gate)
        {
            for (; _connection == connection && reason == ReasonCode.Success && !run.IsEmpty; run = run[PubackPacket.ShortSize..])
            {
                reason = Acknowledge(PubackPacket.PacketIdOf(run));
            }
        }

        return reason;
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
    /// when <paramref name="promise"/> is kept; with <paramref name="isHalfKnown"/> it has still to be retained. [MQTT-4.3.3-10]
    /// </summary>
    public bool TryAcceptQoS2(ushort packetId, out Task<SessionResult>? promise, out bool isHalfKnown)
    {
        lock (_gate)
        {
            return (_inboundQoS2 ??= new InboundQoS2()).TryAccept(packetId, out promise, out isHalfKnown);
        }
    }

    /// <param name="packetId">Of the PUBLISH.</param>
    /// <param name="promise">What its PUBREC waits for.</param>
    /// <param name="queued">The part of it that goes to queues in the store; null: none does.</param>
    public void PromiseQoS2(ushort packetId, Task<SessionResult> promise, Task<SessionResult>? queued)
    {
        lock (_gate)
        {
            _inboundQoS2?.Promise(packetId, promise, queued);
        }
    }

    /// <inheritdoc cref="InboundQoS2.Fail"/>
    public QoS2Failure FailQoS2(ushort packetId, SessionResult result, bool canRefuse)
    {
        lock (_gate)
        {
            return _inboundQoS2?.Fail(packetId, result, canRefuse) ?? QoS2Failure.Unanswered; // the session went to the store meanwhile
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

    /// <summary>Call inside the gate; the writer sends what there is room for now.</summary>
    private ReasonCode Acknowledge(ushort packetId)
    {
        if (!_inflight.TryPeek(packetId, out var qos, out var sequence))
        {
            return ReasonCode.Success;
        }

        if (qos != QoS.AtLeastOnce)
        {
            return ReasonCode.ProtocolError; // PUBACK answers QoS 1 only. §4.3.2
        }

        _inflight.Remove(packetId);
        End(sequence);
        return ReasonCode.Success;
    }

    /// <summary>
    /// PUBREL: the identifier is free; false when it was not in use. What the store knows of the identifier is removed there before PUBCOMP, or it would take the client's next
    /// publication under it for a repetition.
    /// </summary>
    public bool ReleaseQoS2(ushort packetId, Burst burst, out Task<SessionResult>? commit)
    {
        lock (_gate)
        {
            commit = null;
            var isStored = false;
            var known = _inboundQoS2?.Release(packetId, out isStored) == true;
            if (isStored && IsDurable)
            {
                commit = store.Release(this, packetId, burst);
            }

            return known;
        }
    }
}
