using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// The parts of a session that belong to data streams. Each is a session of its own towards the router and its stream: subscriptions,
/// in-flight window, inbound QoS 2 identifiers and backlog, so that a stream has its own Packet Identifiers and its own order. It lives as
/// long as the stream; then it is folded into the session, which the grains know and which outlives connections. docs/decisions/0006.
/// </summary>
internal sealed partial class Session
{
    private Session[] _streams = [];

    /// <summary>The client's session: this one, unless it is a data stream's part of it.</summary>
    public Session Main => main ?? this;

    private Session[] Streams => Volatile.Read(ref _streams);

    IConnectionSession IConnectionSession.OpenStream(Connection stream) => OpenStream(stream);

    /// <summary>The part of a data stream that has just been opened.</summary>
    public Session OpenStream(Connection stream)
    {
        var part = new Session(Key, ClientId, limits, store, this) { ExpirySeconds = ExpirySeconds };
        lock (_subscriptionsLock)
        {
            _streams = [.. _streams, part];
        }

        part.Attach(stream, Epoch, _quota);
        return part;
    }

    /// <summary>The stream is closing: what comes from now on waits until this part is folded into the session.</summary>
    public void PauseStream()
    {
        lock (_gate)
        {
            _phase = _phase == SessionPhase.Connected ? SessionPhase.Opening : _phase;
        }
    }

    /// <summary>
    /// What a data stream leaves to the session: goes on over the control stream. Without a connection the store still has what it numbered.
    /// </summary>
    public void TakeBack(in QueuedDelivery delivery, Burst burst)
    {
        if (delivery.Sequence == 0)
        {
            Deliver(delivery, burst);
            return;
        }

        Connection? connection;
        lock (_gate)
        {
            connection = _connection;
            if (_phase == SessionPhase.Connected)
            {
                Accept(connection!, delivery); // Connected has one by definition
            }
            else if (_phase == SessionPhase.Opening)
            {
                _backlog.Enqueue(delivery);
            }
        }

        if (connection is not null)
        {
            burst.Wake(connection);
        }
    }

    /// <summary>
    /// The store numbers the messages of the client, not of its streams: the session notes that the next number is taken, the stream takes
    /// it. When it is not the next, or the stream is slow or gone, it comes over the control stream.
    /// </summary>
    private void DeliverToStream(in QueuedDelivery delivery, Burst burst)
    {
        if (!HasWindow || !Main.TryPass(delivery.Sequence))
        {
            Main.DeliverStored(delivery, burst);
            return;
        }

        Connection? connection;
        lock (_gate)
        {
            connection = _phase == SessionPhase.Connected ? _connection : null;
            if (connection is not null)
            {
                Accept(connection, delivery);
            }
        }

        if (connection is not null)
        {
            burst.Wake(connection);
        }
        else
        {
            Main.TakeBack(delivery, burst);
        }
    }

    private bool TryPass(long sequence)
    {
        lock (_gate)
        {
            var isNext = _phase == SessionPhase.Connected && sequence == _taken + 1 && sequence > _newest;
            if (isNext)
            {
                (_taken, _newest) = (sequence, sequence);
            }

            return isNext;
        }
    }

    /// <summary>Gates are taken in this order only: the stream's, then the session's.</summary>
    private void EndOfStream(long sequence)
    {
        lock (_gate)
        {
            End(sequence);
        }
    }

    /// <summary>Whether another stream of the client subscribed to this filter: only that one can unsubscribe.</summary>
    public bool IsHeldElsewhere(string filter)
    {
        lock (_subscriptionsLock)
        {
            return HolderOf(filter) is { } holder && holder != this && _phase != SessionPhase.Folded;
        }
    }

    /// <summary>
    /// What a stream's part still has to deliver, in order; with nothing left, later messages go to the session. A QoS 1 or 2 delivery
    /// without its last acknowledgement is among them: its identifier was the stream's, so the client gets it again under a new one.
    /// </summary>
    public List<QueuedDelivery> TakeForSession(Connection stream)
    {
        lock (_gate)
        {
            var left = new List<QueuedDelivery>();
            if (_phase == SessionPhase.Folded)
            {
                return left;
            }

            if (_connection is not null)
            {
                left.AddRange(stream.TakeUnsent().Where(frame => frame.Delivery.QoS == QoS.AtMostOnce).Select(frame => frame.Delivery));
            }

            (_connection, _phase) = (null, SessionPhase.Opening);
            foreach (var (delivery, stage) in _inflight.Open())
            {
                if (stage != DeliveryStage.Released)
                {
                    left.Add(delivery with { PacketId = 0, Duplicate = false });
                }
                else
                {
                    End(delivery.Sequence); // the client has that one
                }
            }

            _inflight.Clear();
            while (_backlog.Count > 0)
            {
                left.Add(_backlog.Dequeue());
            }

            SignalDrained();
            return left;
        }
    }

    /// <summary>True when nothing has come since <see cref="TakeForSession"/>; from then on the session is given everything.</summary>
    public bool TryFold()
    {
        lock (_gate)
        {
            if (_backlog.Count > 0)
            {
                return false;
            }

            _phase = SessionPhase.Folded;
            return true;
        }
    }

    /// <summary>Takes over the subscriptions of a stream's part, each in one step.</summary>
    public void Adopt(Session stream, SubscriptionIndex index)
    {
        lock (_subscriptionsLock)
        {
            _streams = [.. _streams.Where(other => other != stream)];
            foreach (var subscription in stream._subscriptions?.ToArray() ?? [])
            {
                var filter = index.FilterOf(subscription);
                if (_hasEnded || _subscriptions?.Find(filter) is not null)
                {
                    index.Remove(subscription);
                    continue;
                }

                var identifier = subscription.Identifiers is [var only] ? only : 0;
                var adopted = Subscription.Create(this, new SubscribeEntry(filter, subscription.Options), identifier);
                index.Add(adopted, filter, subscription);
                (_subscriptions ??= new SubscriptionMap(index)).Set(adopted, null);
            }

            stream._subscriptions = null;
        }
    }

    /// <summary>The part of the client's session that has a subscription to this filter. Call inside the subscriptions' lock.</summary>
    private Session? HolderOf(string filter)
    {
        if (Main.Streams.Length == 0 || _subscriptions?.Find(filter) is not null)
        {
            return this;
        }

        return Main._subscriptions?.Find(filter) is not null
            ? Main
            : Array.Find(Main.Streams, stream => stream._subscriptions?.Find(filter) is not null);
    }
}
