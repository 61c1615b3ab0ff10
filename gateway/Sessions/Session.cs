using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// The gateway's side of one client's session: which connection takes it, how it changes hands, and its place in its queue in the store.
/// The grains hold the record that outlives this process; while no connection is attached, messages go there. Its parts for QUIC data
/// streams come and go with these. MQTT 5 §4.1.
/// </summary>
internal sealed class Session : SessionPart, IDurableSession
{
    private const int PageMessages = 1000;
    private const int PageBytes = 512 * 1024;

    private StreamPart[] _streams = []; // replaced inside the gate
    private QueueCursor _queue;
    private EndedDeliveries _ended;
    private ProgressLane? _progress;
    private bool _isResumed;

    public Session(string key, string clientId, DeliveryLimits limits, StoreLanes store)
        : base(key, clientId, limits, store)
    {
        Outbound = new CommittedDelivery(this);
        Subscriptions = new SessionSubscriptions(this);
    }

    public override Session Main => this;

    public override SessionSubscriptions Subscriptions { get; }

    public override bool KeepsInboundQoS2 => IsDurable;

    /// <summary>The number of the claim that its connection has, towards the store; see <see cref="OpenedSession"/>.</summary>
    public long ClaimId { get; set; }

    /// <summary>The last close, until the store has it. Changed by the holder of the client's turn only.</summary>
    public CloseRequest? UnconfirmedClose { get; set; }

    /// <summary>When the store was last known to have the session detached, see <see cref="SessionRegistry.NextMoment"/>.</summary>
    public long DetachedAt { get; set; }

    public override bool IsServedByStore => IsDurable || _isResumed;

    public override int Waiting => base.Waiting + Streams.Sum(stream => stream.Waiting);

    public override int InFlight => base.InFlight + Streams.Sum(stream => stream.InFlight);

    protected override CommittedDelivery Outbound { get; }

    protected override long Ahead => base.Ahead + _queue.Ahead;

    private StreamPart[] Streams => Volatile.Read(ref _streams);

    private bool CanRead => Phase == SessionPhase.Connected && Connection is { IsClosing: false } && Outbound.HasWindow;

    // :: From CONNECT to the end

    /// <summary>CONNECT has begun: from here on deliveries wait in this session instead of going to the store.</summary>
    public void BeginOpen()
    {
        lock (Gate)
        {
            if (Phase == SessionPhase.Offline)
            {
                Phase = SessionPhase.Opening;
            }
        }
    }

    /// <summary>The store has granted the claim.</summary>
    /// <param name="expirySeconds">Of the CONNECT.</param>
    /// <param name="isResumed">The session existed.</param>
    public void Grant(uint expirySeconds, bool isResumed)
    {
        lock (Gate)
        {
            (ExpirySeconds, _isResumed) = (expirySeconds, isResumed);
        }
    }

    /// <summary>CONNECT failed: the QoS 0 messages that came meanwhile have no receiver.</summary>
    public void AbandonOpen()
    {
        lock (Gate)
        {
            if (Phase == SessionPhase.Opening)
            {
                Phase = SessionPhase.Offline;
                Outbound.DropWaiting();
            }
        }
    }

    /// <summary>Takes in what the store held; it is older than anything that waits here.</summary>
    public void Restore(SessionState state)
    {
        lock (Gate)
        {
            Outbound.Unfinished.Restore(state.Pending);
            _queue.Restore(state.Last, state.HasMore);
            if (state.InboundQos2.Length > 0 || InboundQoS2IfAny is not null)
            {
                InboundQoS2.Restore(state.InboundQos2);
            }
        }
    }

    /// <summary>The CONNACK is queued: gives the session its connection, which first sends again what was open. [MQTT-4.4.0-1]</summary>
    public void Attach(Connection connection, ulong epoch, int receiveMaximum)
    {
        lock (Gate)
        {
            Begin(connection, epoch, receiveMaximum);
            if (!_ended.IsEmpty) // said under an earlier claim, and fenced
            {
                Store.ReportLater(this);
            }

            Refill(connection); // and reads on, if the store has more
        }
    }

    /// <summary>
    /// Ends the claim of a connection; false when another one has taken over already. <paramref name="next"/> is where deliveries go
    /// from now on: to the store, to a connection that is being opened, or nowhere.
    /// </summary>
    public bool Detach(Connection connection, SessionPhase next)
    {
        lock (Gate)
        {
            if (Connection != connection)
            {
                return false;
            }

            (Connection, Phase) = (null, next);
            Outbound.EndConnection(connection.Outbound.TakeUnsent());
            SignalRoom();
            return true;
        }
    }

    /// <summary>What the store is told when the connection has ended. Leaves nothing behind.</summary>
    public SessionRemains HandOver(long now)
    {
        lock (Gate)
        {
            var pending = Outbound.Unfinished.TakeForStore(now);
            var inbound = InboundQoS2IfAny;
            var remains = new SessionRemains(pending, inbound?.Identifiers ?? [], inbound?.UncertainIdentifiers ?? [], _ended.TakeAll());
            inbound?.GoToStore();
            return remains;
        }
    }

    /// <summary>
    /// What the store is told when the session ends with its connection: which of the messages that it has are not for other members of share
    /// groups.
    /// </summary>
    public SessionRemains EndedWithConnection()
    {
        lock (Gate)
        {
            return new SessionRemains([], [], [], _ended.TakeAll());
        }
    }

    /// <summary>A session that this gateway learned of from the store, without a connection here.</summary>
    public void SetOffline(ulong epoch, uint expirySeconds)
    {
        lock (Gate)
        {
            (Phase, Epoch, ExpirySeconds) = (SessionPhase.Offline, epoch, expirySeconds);
        }
    }

    /// <summary>Messages of share groups that may go to another member, since this session ends.</summary>
    public List<QueuedDelivery> TakeForShareGroups()
    {
        lock (Gate)
        {
            var messages = Outbound.Unfinished.TakeForShareGroups(out var lost);
            Limits.Metrics.Dropped(DropReason.SessionEnded, lost);
            return messages;
        }
    }

    public void End()
    {
        lock (Gate)
        {
            Phase = SessionPhase.Ended;
            Outbound.Unfinished.Clear();
        }
    }

    // :: The queue in the store

    public override void DeliverStored(in QueuedDelivery delivery, Burst burst)
    {
        Connection? connection;
        lock (Gate)
        {
            if (!_queue.TryAnnounce(delivery.Sequence, out var isNext) || Phase != SessionPhase.Connected)
            {
                return; // known, or the next connection reads it
            }

            if (!isNext || !Outbound.HasWindow)
            {
                ReadOn();
                return;
            }

            connection = Connection;
            _queue.TryTake(delivery.Sequence);
            Outbound.Accept(connection!, delivery); // Connected has one by definition
        }

        burst.Wake(connection!);
    }

    public override void LookForStored()
    {
        lock (Gate)
        {
            _queue.MustRead();
            ReadOn();
        }
    }

    /// <summary>The next page to read; null when there is nothing, no connection, or no room: then the reader stops.</summary>
    public QueueRead? NextRead()
    {
        lock (Gate)
        {
            return _queue.TryReadPage(CanRead, out var after) ? new QueueRead(Key, Epoch, after, PageMessages, PageBytes) : null;
        }
    }

    /// <param name="epoch">Of the connection that asked.</param>
    /// <param name="page">What the store answered.</param>
    public void OnPageRead(ulong epoch, QueuePage page)
    {
        Connection? connection;
        lock (Gate)
        {
            if (Phase != SessionPhase.Connected || epoch != Epoch)
            {
                return;
            }

            connection = Connection!; // Connected has one by definition
            if (page.Result == SessionResult.Ok)
            {
                Take(connection, page);
                SignalRoom();
            }
        }

        if (page.Result == SessionResult.Ok)
        {
            connection.FlushOutbound();
        }
        else
        {
            connection.Close(CloseCause.Fenced, ReasonCode.SessionTakenOver); // another connection has the session, or it is over
        }
    }

    // :: Progress that the store is told

    public override void EndDelivery(long sequence)
    {
        AssertGate();
        if (sequence == 0)
        {
            return;
        }

        if (_ended.Add(sequence))
        {
            Store.ReportLater(this);
        }

        (_progress ??= Store.ProgressOf(Key)).CountEnded();
    }

    /// <summary>Numbers whose delivery has ended, as pairs of first and last, for a report.</summary>
    public long[] BeginReport()
    {
        lock (Gate)
        {
            return _ended.BeginReport();
        }
    }

    /// <summary>
    /// The report was answered, or was not. What the store did not note is said again; when it was fenced, under the claim of the next
    /// connection here (<see cref="Attach"/>), which the store may know before this session does. If that connection is elsewhere, so is the
    /// session, and nothing is said.
    /// </summary>
    /// <param name="pairs">What it said.</param>
    /// <param name="epoch">The claim that it was made under.</param>
    /// <param name="fate">What the store said.</param>
    public void EndReport(long[] pairs, ulong epoch, ReportFate fate)
    {
        lock (Gate)
        {
            if (_ended.EndReport(pairs, fate == ReportFate.Noted) && (fate == ReportFate.Lost || epoch != Epoch))
            {
                Store.ReportLater(this);
            }
        }
    }

    /// <summary>A delivery that waited for its commit may leave, unless it is over or the claim under which it was committed is.</summary>
    /// <param name="sending">The delivery, and how far it is once this is sent.</param>
    /// <param name="epoch">The claim.</param>
    /// <param name="isDuplicate">An earlier connection sent it.</param>
    /// <param name="isGone">A full queue, which has counted it, dropped it on its way.</param>
    /// <param name="burst">What wakes the connection.</param>
    public void OnCommitted(StartedDelivery sending, ulong epoch, bool isDuplicate, bool isGone, Burst burst)
    {
        Connection? connection;
        lock (Gate)
        {
            Outbound.EndCommit();
            connection = Connection;
            if (connection is null || epoch != Epoch || !Outbound.TrySend(connection, sending, isDuplicate, isGone))
            {
                return;
            }
        }

        burst.Wake(connection);
    }

    /// <summary>The commit failed, again and again: the client connects anew, and gets the delivery then.</summary>
    public void OnCommitFailed()
    {
        Connection? connection;
        lock (Gate)
        {
            Outbound.EndCommit();
            connection = Connection;
        }

        connection?.Close(CloseCause.InternalError, ReasonCode.UnspecifiedError);
    }

    /// <summary>Retained messages at QoS 2, when the session outlives its connection.</summary>
    public override bool IsKeptThroughCrashes(in QueuedDelivery delivery) => IsDurable && delivery.QoS == QoS.ExactlyOnce;

    // :: Data streams

    /// <summary>The part of a data stream that has just been opened.</summary>
    public StreamPart OpenStream(Connection stream)
    {
        var part = new StreamPart(this);
        lock (Gate)
        {
            _streams = [.. _streams, part];
        }

        part.Attach(stream, Epoch, Outbound.ReceiveMaximum);
        return part;
    }

    /// <summary>The next message of the queue goes to a stream's part; false when it is not the next, or there is no connection.</summary>
    public bool TryTakeForStream(long sequence)
    {
        lock (Gate)
        {
            return Phase == SessionPhase.Connected && _queue.TryTakeNext(sequence);
        }
    }

    /// <summary>A delivery of a stream's part ended. Called inside the gate of the stream: gates are taken in this order only.</summary>
    public void EndDeliveryOfStream(long sequence)
    {
        lock (Gate)
        {
            EndDelivery(sequence);
        }
    }

    /// <summary>
    /// What a data stream leaves to the session: goes on over the control stream. Without a connection the store still has what it numbered.
    /// </summary>
    public void DeliverFromStream(in QueuedDelivery delivery, Burst burst)
    {
        if (delivery.Sequence == 0)
        {
            Deliver(delivery, burst);
            return;
        }

        Connection? connection;
        lock (Gate)
        {
            connection = Connection;
            if (Phase == SessionPhase.Connected)
            {
                Outbound.Accept(connection!, delivery); // Connected has one by definition
            }
            else if (Phase == SessionPhase.Opening)
            {
                Outbound.Hold(delivery);
            }
        }

        if (connection is not null)
        {
            burst.Wake(connection);
        }
    }

    /// <summary>The part was folded: its subscriptions become the session's own, each in one step.</summary>
    public void Adopt(StreamPart stream, SubscriptionIndex index)
    {
        lock (Gate)
        {
            _streams = [.. _streams.Where(other => other != stream)];
        }

        Subscriptions.Adopt(stream, index);
    }

    protected override void OnRoom()
    {
        base.OnRoom();
        ReadOn();
    }

    private void Take(Connection connection, QueuePage page)
    {
        foreach (var message in page.Messages)
        {
            if (!_queue.TryTake(message.Sequence))
            {
                continue;
            }

            if (UnfinishedDeliveries.TryRead(message, out var delivery))
            {
                Outbound.Accept(connection, delivery);
            }
            else
            {
                EndDelivery(message.Sequence);
            }
        }

        _queue.EndPage(page.Last, page.HasMore);
    }

    private void ReadOn()
    {
        if (_queue.TryStartReading(CanRead))
        {
            Store.Read(this);
        }
    }
}
