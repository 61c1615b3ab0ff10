using System.Diagnostics;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// What one ordered byte stream to the client has of the session: deliveries on their way to the client, the Packet Identifiers of both
/// directions, and the connection that takes them. The <see cref="Session"/> itself is the part of the connection or its control stream;
/// a <see cref="StreamPart"/> is that of a QUIC data stream. The router delivers to parts; a packet goes to the part that it came on.
/// <para>
/// One gate per part guards it all: <see cref="Outbound"/>, <see cref="InboundQoS2"/> and what subclasses add are used inside it. A thread
/// may hold two gates if it took that of a stream before that of the session. The connection's queue has a lock of its own, which is taken
/// inside the gate, never around it.
/// </para>
/// </summary>
internal abstract class SessionPart : ISubscriber, IConnectionSession, IDurablePart
{
    /// <summary>A page of retained messages is held back while so many messages wait: half of one.</summary>
    private const int MostBeforePage = 250;

    private Connection? _connection;
    private InboundQoS2? _inboundQoS2;       // null before the first publication at QoS 1 or 2: most sessions only subscribe
    private RetainedOvertaking? _overtaking; // null while no SUBSCRIBE waits for retained messages
    private TaskCompletionSource? _room;     // null while no page of retained messages waits for room

    protected SessionPart(string key, string clientId, DeliveryLimits limits, StoreLanes store)
    {
        (Key, ClientId, Limits, Store) = (key, clientId, limits, store);
        ClientHash = (ulong)string.GetHashCode(clientId) * 0x9E3779B97F4A7C15;
    }

    /// <summary>The grain key, <c>tenant/clientId</c>.</summary>
    public string Key { get; }

    public string ClientId { get; }

    /// <summary>Chooses share group members by publisher; stable for a client identifier.</summary>
    public ulong ClientHash { get; }

    public DeliveryLimits Limits { get; }

    public StoreLanes Store { get; }

    /// <summary>The client's session; the stream's part of it is not known to the grains.</summary>
    public abstract Session Main { get; }

    /// <summary>The subscriptions of all parts of the client's session.</summary>
    public abstract SessionSubscriptions Subscriptions { get; }

    /// <summary>The identifiers of the client's QoS 2 publications on this stream; takes the gate by itself.</summary>
    public InboundQoS2 InboundQoS2 => Volatile.Read(ref _inboundQoS2) ?? CreateInboundQoS2();

    /// <summary>The claim that the grains gave to the current or last connection; lower ones are fenced.</summary>
    public ulong Epoch { get; protected set; }

    /// <summary>Session Expiry Interval in seconds: 0 ends with the connection, <see cref="uint.MaxValue"/> never expires.</summary>
    public uint ExpirySeconds { get; set; }

    public bool IsDurable => ExpirySeconds != 0;

    /// <summary>Whether the store keeps the identifiers of the client's QoS 2 publications for its next connection.</summary>
    public abstract bool KeepsInboundQoS2 { get; }

    public Connection? Connection
    {
        get => Volatile.Read(ref _connection);
        protected set => Volatile.Write(ref _connection, value);
    }

    public SessionPhase Phase { get; protected set; }

    public virtual int Waiting => Outbound.Waiting;

    public long WaitingBytes => Outbound.WaitingBytes;

    public virtual int InFlight => Outbound.InFlight;

    /// <summary>Whether a share group should choose this member: read without the gate, a guess that may be a message old.</summary>
    public bool CanTakeNow => Connection is { } connection && Outbound.CanTakeNow(connection);

    /// <summary>Completed when all retained messages asked for so far were handed over; never fails. Changed by the connection's reader only.</summary>
    public Task RetainedSent { get; set; } = Task.CompletedTask;

    ISubscriber ISubscriber.Main => Main;

    IConnectionSession IConnectionSession.OpenStream(Connection stream) => Main.OpenStream(stream);

    IDurableSession IDurablePart.Main => Main;

    bool ISubscriber.IsConnected => Connection is not null;

    bool ISubscriber.HasEnded => Phase == SessionPhase.Ended;

    /// <summary>
    /// Whether QoS 1 and 2 come through the queue in the store: those of a session that outlives its connection, and of one that did so far, since
    /// the store may have older ones. [MQTT-4.6.0-6]
    /// </summary>
    public virtual bool IsServedByStore => IsDurable;

    protected Lock Gate { get; } = new();

    /// <summary>As <see cref="InboundQoS2"/>; null when there was no publication yet.</summary>
    protected InboundQoS2? InboundQoS2IfAny => _inboundQoS2;

    protected abstract OutboundDelivery Outbound { get; }

    /// <summary>Messages that a client has to take before one that comes now.</summary>
    protected virtual long Ahead => Outbound.Waiting;

    /// <summary>
    /// Gives a message to the session. QoS 1 and 2 that come through the store (<see cref="IsServedByStore"/>) go there, and it gives them back
    /// under their number (<see cref="DeliverStored"/>); they are added to its lane inside the gate, or one could pass a CONNECT that
    /// waits for the lane to be empty. Everything else goes on the wire's queue when there is room, else into the backlog, each with
    /// its bound. A publisher never waits for a subscriber.
    /// </summary>
    public void Deliver(in QueuedDelivery delivery, Burst burst)
    {
        Connection? connection;
        DeliveryResult result;
        lock (Gate)
        {
            _overtaking?.Note(delivery.Message);
            if (delivery.QoS != QoS.AtMostOnce && IsServedByStore && Phase != SessionPhase.Ended)
            {
                Store.Queue(this, delivery, burst);
                return;
            }

            connection = Connection;
            result = Phase switch
            {
                SessionPhase.Connected => Outbound.Deliver(connection!, delivery), // Connected has one by definition
                SessionPhase.Opening => Outbound.Enqueue(delivery, connectionWaiting: 0),
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

    /// <summary>A message that the store has committed under the next number of the session's queue, or a later one.</summary>
    public abstract void DeliverStored(in QueuedDelivery delivery, Burst burst);

    /// <summary>The store has queued something for the session under a number that is not known here.</summary>
    public abstract void LookForStored();

    /// <summary>The delivery of a numbered message is over, whatever its end: the store may forget it. 0, no number, means nothing.</summary>
    public abstract void EndDelivery(long sequence);

    /// <summary>The connection is closing; the part of a data stream waits to be folded into the session.</summary>
    public virtual void OnClosing()
    {
    }

    /// <summary>Moves what waits onto the connection's queue, as far as queue and Receive Maximum allow.</summary>
    public void RefillFor(Connection connection)
    {
        if (!Outbound.HasUnsent)
        {
            return;
        }

        lock (Gate)
        {
            if (Connection == connection)
            {
                Refill(connection);
            }
        }
    }

    /// <summary>A message expired while it waited to be written: as if it had never been sent.</summary>
    public void Expire(Connection connection, in QueuedDelivery delivery)
    {
        Limits.Metrics.Dropped(DropReason.Expired);
        lock (Gate)
        {
            if (Connection == connection)
            {
                Outbound.Expire(delivery);
            }
        }
    }

    /// <summary>PUBACK: ends a QoS 1 delivery. The caller wakes the connection's writer, which sends what there is room for now.</summary>
    public ReasonCode OnPuback(Connection connection, ushort packetId)
    {
        lock (Gate)
        {
            return Connection == connection ? Outbound.OnPuback(packetId) : ReasonCode.Success;
        }
    }

    /// <summary>As <see cref="OnPuback"/>, for each PUBACK of a run: see <see cref="PubackPacket.RunLength"/>.</summary>
    public ReasonCode OnPubacks(Connection connection, ReadOnlySpan<byte> run)
    {
        var reason = ReasonCode.Success;
        lock (Gate)
        {
            for (; Connection == connection && reason == ReasonCode.Success && !run.IsEmpty; run = run[PubackPacket.ShortSize..])
            {
                reason = Outbound.OnPuback(PubackPacket.PacketIdOf(run));
            }
        }

        return reason;
    }

    /// <summary>PUBREC: answered by PUBREL; a refusal ends the QoS 2 delivery.</summary>
    public ReasonCode OnPubrec(Connection connection, ushort packetId, ReasonCode reason)
    {
        lock (Gate)
        {
            return Connection == connection ? Outbound.OnPubrec(connection, packetId, reason) : ReasonCode.Success;
        }
    }

    /// <summary>PUBCOMP: ends a QoS 2 delivery that was released.</summary>
    public ReasonCode OnPubcomp(Connection connection, ushort packetId)
    {
        lock (Gate)
        {
            return Connection == connection ? Outbound.OnPubcomp(packetId) : ReasonCode.Success;
        }
    }

    /// <summary>
    /// PUBREL: the identifier is free; false when it was not in use. What the store knows of the identifier is removed there before PUBCOMP,
    /// which waits for <paramref name="commit"/>: or the store would take the client's next publication under it for a repetition.
    /// </summary>
    public bool OnPubrel(ushort packetId, Burst burst, out Task<SessionResult>? commit)
    {
        commit = null;
        lock (Gate)
        {
            var known = InboundQoS2.Release(packetId, out var isStored);
            if (isStored && KeepsInboundQoS2)
            {
                commit = Store.Release(Main, packetId, burst);
            }

            return known;
        }
    }

    /// <summary>Completes when what the client's QoS 2 publications wait for is decided. Never fails.</summary>
    public Task PromisesAsync()
    {
        lock (Gate)
        {
            return InboundQoS2IfAny?.PromisesAsync() ?? Task.CompletedTask;
        }
    }

    /// <summary>
    /// The claim of a connection, for a change in its name that may have to be repeated; false when another one has taken over already.
    /// </summary>
    public bool TryGetClaim(Connection connection, out ulong epoch)
    {
        lock (Gate)
        {
            epoch = Epoch;
            return Connection == connection;
        }
    }

    /// <summary>
    /// Call before a subscription takes effect: from here until <see cref="RetainedReplay.End"/> a message that becomes the retained one of
    /// its topic goes ahead of the page that may still bring its predecessor, so that page leaves the topic out.
    /// </summary>
    public RetainedReplay BeginRetained(Connection connection)
    {
        var replay = new RetainedReplay(this, connection);
        lock (Gate)
        {
            (_overtaking ??= new RetainedOvertaking()).Add(replay);
        }

        return replay;
    }

    /// <inheritdoc cref="RetainedReplay.End"/>
    public void EndRetained(RetainedReplay replay)
    {
        lock (Gate)
        {
            _overtaking?.Remove(replay);
            _overtaking = _overtaking is { IsEmpty: false } ? _overtaking : null;
        }
    }

    /// <inheritdoc cref="RetainedReplay.Deliver"/>
    public void DeliverRetained(RetainedReplay replay, in QueuedDelivery delivery, Burst burst)
    {
        var connection = replay.Connection;
        lock (Gate)
        {
            if (Connection != connection)
            {
                return; // the session went on elsewhere: retained messages are not sent again on resume
            }

            if (replay.IsOvertaken(delivery.Message) || !Outbound.Fits(connection, delivery))
            {
                return;
            }

            if (IsKeptThroughCrashes(delivery))
            {
                Store.Queue(this, delivery, burst);
            }
            else
            {
                Outbound.Hold(delivery);
                Refill(connection);
            }
        }

        burst.Wake(connection);
    }

    /// <summary>Whether a retained message goes through the queue in the store, because its Packet Identifier has to be known after a crash.</summary>
    public abstract bool IsKeptThroughCrashes(in QueuedDelivery delivery);

    /// <inheritdoc cref="RetainedReplay.RoomAsync"/>
    public Task RoomAsync(Connection connection)
    {
        lock (Gate)
        {
            return Connection != connection || Ahead < MostBeforePage
                ? Task.CompletedTask
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Inside the gate: the connection has the part from here on.</summary>
    protected void Begin(Connection connection, ulong epoch, int receiveMaximum)
    {
        (Connection, Phase, Epoch) = (connection, SessionPhase.Connected, epoch);
        InboundQoS2IfAny?.BeginConnection();
        Outbound.BeginConnection(receiveMaximum);
    }

    /// <summary>Inside the gate.</summary>
    protected void Refill(Connection connection)
    {
        if (Phase == SessionPhase.Connected) // else a data stream that is closing
        {
            Outbound.Refill(connection);
            OnRoom();
        }
    }

    /// <summary>Inside the gate, after the backlog shrank.</summary>
    protected virtual void OnRoom() => SignalRoom();

    /// <summary>Inside the gate, after the backlog shrank or the connection went.</summary>
    protected void SignalRoom()
    {
        if (_room is { } room && (Connection is null || Ahead < MostBeforePage))
        {
            room.SetResult();
            _room = null;
        }
    }

    private InboundQoS2 CreateInboundQoS2()
    {
        lock (Gate)
        {
            return _inboundQoS2 ??= new InboundQoS2(Gate);
        }
    }

    [Conditional("DEBUG")]
    internal void AssertGate() => Debug.Assert(Gate.IsHeldByCurrentThread);
}
