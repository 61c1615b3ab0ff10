using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>How a session changes hands: between connections of this gateway in memory, between lives of a connection through the store.</summary>
internal sealed partial class Session
{
    /// <summary>The number of the claim that its connection has, towards the store; see <see cref="OpenedSession"/>.</summary>
    public long ClaimId { get; set; }

    /// <summary>The last close, until the store has it. Changed by the holder of the client's turn only.</summary>
    public CloseRequest? UnconfirmedClose { get; set; }

    /// <summary>When the store was last known to have the session detached, see <see cref="SessionRegistry.NextMoment"/>.</summary>
    public long DetachedAt { get; set; }

    /// <summary>CONNECT has begun: from here on deliveries wait in this session instead of going to the store.</summary>
    public void BeginOpen()
    {
        lock (_gate)
        {
            if (_phase == SessionPhase.Offline)
            {
                _phase = SessionPhase.Opening;
            }
        }
    }

    /// <summary>CONNECT failed: there is nobody for the QoS 0 messages that came meanwhile.</summary>
    public void AbandonOpen()
    {
        lock (_gate)
        {
            if (_phase != SessionPhase.Opening)
            {
                return;
            }

            _phase = SessionPhase.Offline;
            while (_backlog.Count > 0)
            {
                _backlog.Dequeue();
            }
        }
    }

    /// <summary>Takes in what the store held; it is older than anything that waits here.</summary>
    public void Restore(SessionState state)
    {
        lock (_gate)
        {
            var newer = new List<QueuedDelivery>(_backlog.Count);
            while (_backlog.Count > 0)
            {
                var held = _backlog.Dequeue();
                if (held.Sequence == 0) // what has a number comes from the store
                {
                    newer.Add(held);
                }
            }

            var begun = new List<(QueuedDelivery, DeliveryStage)>();
            foreach (var pending in state.Pending)
            {
                Restore(pending, begun);
            }

            _inflight.Clear();
            _inflight.Restore(begun);

            newer.ForEach(delivery => _backlog.Enqueue(delivery));
            (_taken, _newest, _mustRead) = (state.Last, Math.Max(_newest, state.Last), state.HasMore);
            _inboundQoS2 = InboundQoS2.Restore(state.InboundQos2);
        }
    }

    /// <summary>The CONNACK is queued: gives the session its connection, which first sends again what was open. [MQTT-4.4.0-1]</summary>
    public void Attach(Connection connection, ulong epoch, int quota)
    {
        lock (_gate)
        {
            (_connection, _phase, Epoch, _quota) = (connection, SessionPhase.Connected, epoch, quota);
            _inboundQoS2?.BeginConnection();
            _inflight.MarkAllForResend();
            if (!_ended.IsEmpty) // said under an earlier claim, and fenced
            {
                store.ReportLater(this);
            }

            Refill(connection); // and reads on, if the store has more
        }
    }

    /// <summary>
    /// The claim of a connection, for a change in its name that may have to be repeated; false when another one has taken over already.
    /// </summary>
    public bool TryGetClaim(Connection connection, out ulong epoch)
    {
        lock (_gate)
        {
            epoch = Epoch;
            return _connection == connection;
        }
    }

    /// <summary>
    /// Ends the claim of a connection; false when another one has taken over already. <paramref name="next"/> is where deliveries go
    /// from now on: to the store, to a connection that is being opened, or nowhere.
    /// </summary>
    public bool Detach(Connection connection, SessionPhase next)
    {
        lock (_gate)
        {
            if (_connection != connection)
            {
                return false;
            }

            (_connection, _phase) = (null, next);
            foreach (var frame in connection.TakeUnsent())
            {
                if (!frame.Delivery.Duplicate) // a repetition was sent before, whatever became of it now
                {
                    _inflight.MarkUnsent(frame.Delivery.PacketId);
                }
            }

            SignalDrained();
            return true;
        }
    }

    /// <summary>
    /// What the store does not know of the session yet, oldest first: of its own messages how far they came, of others (retained ones) the
    /// message. QoS 0 is not kept. MQTT 5 §4.1.0.
    /// </summary>
    public (PendingMessage[] Pending, ushort[] InboundQoS2, ushort[] UncertainQoS2, long[] Ended) HandOver(long now)
    {
        lock (_gate)
        {
            var pending = new List<PendingMessage>();
            foreach (var (delivery, stage) in _inflight.Open())
            {
                if (delivery.Sequence == 0 || stage != DeliveryStage.Unsent)
                {
                    pending.Add(ToPending(delivery, stage));
                }
            }

            while (_backlog.Count > 0)
            {
                var delivery = _backlog.Dequeue();
                if (delivery.Sequence == 0 && delivery.QoS != QoS.AtMostOnce && !delivery.Message.IsExpired(now))
                {
                    pending.Add(ToPending(delivery, DeliveryStage.Unsent));
                }
            }

            ushort[] inbound = _inboundQoS2?.Identifiers ?? [], uncertain = _inboundQoS2?.UncertainIdentifiers ?? [];
            _inflight.Clear();
            _inboundQoS2 = null;
            long[] ended = [.. _reporting, .. _ended.Take()]; // what a report under way says may come too late
            _reporting = [];
            return ([.. pending], inbound, uncertain, ended);
        }
    }

    /// <summary>Completes when what the client's QoS 2 publications wait for is decided. Never fails.</summary>
    public Task PromisesAsync()
    {
        lock (_gate)
        {
            return _inboundQoS2?.PromisesAsync() ?? Task.CompletedTask;
        }
    }

    public void End()
    {
        lock (_gate)
        {
            _phase = SessionPhase.Ended;
            ForgetDeliveries();
        }
    }

    /// <summary>A session that this gateway learned of from the store, without a connection here.</summary>
    public void SetOffline(ulong epoch, uint expirySeconds)
    {
        lock (_gate)
        {
            (_phase, Epoch, ExpirySeconds) = (SessionPhase.Offline, epoch, expirySeconds);
        }
    }

    /// <summary>
    /// Messages of share groups that may go to another member when this session ends: those never sent, and unacknowledged QoS 1.
    /// A QoS 2 message that was sent is this client's or nobody's. [MQTT-4.8.2-5]
    /// </summary>
    public List<QueuedDelivery> TakeRedispatchable()
    {
        lock (_gate)
        {
            var messages = new List<QueuedDelivery>();
            var lost = 0;
            foreach (var (delivery, stage) in _inflight.Open())
            {
                var mayMove = stage == DeliveryStage.Unsent || (stage == DeliveryStage.Published && delivery.QoS == QoS.AtLeastOnce);
                if (delivery.Share is not null && mayMove)
                {
                    messages.Add(delivery);
                }
            }

            while (_backlog.Count > 0)
            {
                var delivery = _backlog.Dequeue();
                if (delivery.Share is not null)
                {
                    messages.Add(delivery);
                }
                else
                {
                    lost++;
                }
            }

            limits.Metrics.Dropped(DropReason.SessionEnded, lost);
            return messages;
        }
    }

    private void ForgetDeliveries()
    {
        _inflight.Clear();
        while (_backlog.Count > 0)
        {
            _backlog.Dequeue();
        }
    }

    /// <summary>False when there is no message, as in a delivery that was released.</summary>
    private static bool TryRestore(PendingMessage pending, out QueuedDelivery delivery)
    {
        var hasMessage = Message.TryRead(pending.Message, out var message);
        delivery = new QueuedDelivery
        {
            Message = message,
            SubscriptionIdentifiers = pending.SubscriptionIdentifiers,
            Sequence = pending.Sequence,
            QoS = (QoS)pending.Qos,
            Retain = pending.Retain,
            PacketId = pending.PacketId,
        };
        return hasMessage;
    }

    private void Restore(PendingMessage pending, List<(QueuedDelivery, DeliveryStage)> begun)
    {
        var hasMessage = TryRestore(pending, out var delivery);
        if (pending.Stage == PendingStage.Released || (pending.Stage == PendingStage.Published && hasMessage))
        {
            begun.Add((delivery, pending.Stage == PendingStage.Released ? DeliveryStage.Released : DeliveryStage.Published));
        }
        else if (hasMessage)
        {
            _backlog.Enqueue(delivery);
        }
    }

    private static PendingMessage ToPending(in QueuedDelivery delivery, DeliveryStage stage) => new(
        stage == DeliveryStage.Released || delivery.Sequence != 0 ? [] : delivery.Message.ToArray(),
        (byte)delivery.QoS,
        delivery.Retain,
        delivery.SubscriptionIdentifiers,
        stage == DeliveryStage.Released ? 0 : delivery.Message.ExpiresAt,
        stage switch
        {
            DeliveryStage.Released => PendingStage.Released,
            DeliveryStage.Published => PendingStage.Published,
            _ => PendingStage.Queued,
        },
        stage == DeliveryStage.Unsent ? (ushort)0 : delivery.PacketId,
        delivery.Sequence);
}
