using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// The session's queue in the store: QoS 1 and 2 for a session that outlives its connection. The store numbers the messages, and each is
/// taken from it once, in order: with the answer to the batch that stored it when it is the next one, else from a page. A client that
/// is slow costs a window here and the rest there. docs/decisions/0007.
/// </summary>
internal sealed partial class Session
{
    /// <summary>What may wait here of what the store has; the client's Receive Maximum comes on top.</summary>
    private const int WindowMessages = 1000;
    private const int WindowBytes = 512 * 1024;

    private const int PageMessages = 1000;
    private const int PageBytes = 512 * 1024;

    private long _taken;  // the newest number that was taken
    private long _newest; // the newest number that the store is known to have given
    private long _asked;  // what was the newest when the page that is on its way was asked for
    private bool _mustRead;
    private bool _isReading;
    private NumberRanges _ended;
    private long[] _reporting = []; // taken from them by a report that is under way
    private ProgressLane? _progress;
    private int _committing; // deliveries that wait for a commit, and those behind them

    private bool IsBehind => _mustRead || _newest > _taken;

    private bool HasWindow => _backlog.Count < WindowMessages && _backlog.Bytes < WindowBytes;

    /// <summary>A message that the store has committed under the next number, or a later one.</summary>
    public void DeliverStored(in QueuedDelivery delivery, Burst burst)
    {
        if (main is not null)
        {
            DeliverToStream(delivery, burst);
            return;
        }

        Connection? connection;
        lock (_gate)
        {
            if (delivery.Sequence <= _newest)
            {
                return; // an answer that came late: a page brings it, or has
            }

            var isNext = delivery.Sequence == _taken + 1;
            _newest = delivery.Sequence;
            if (_phase != SessionPhase.Connected)
            {
                return; // the next connection reads it
            }

            if (!isNext || !HasWindow)
            {
                ReadOn();
                return;
            }

            connection = _connection;
            Take(connection!, delivery); // Connected has one by definition
        }

        burst.Wake(connection!);
    }

    /// <summary>Something was queued, and nobody knows under which number.</summary>
    public void LookForStored()
    {
        if (main is not null)
        {
            main.LookForStored();
            return;
        }

        lock (_gate)
        {
            _mustRead = true;
            ReadOn();
        }
    }

    /// <summary>What to read next; null when there is nothing, no connection, or no room: then the reader stops.</summary>
    public QueueRead? NextRead()
    {
        lock (_gate)
        {
            _isReading = _phase == SessionPhase.Connected && IsBehind && HasWindow;
            (_mustRead, _asked) = (_mustRead && !_isReading, _newest);
            return _isReading ? new QueueRead(Key, Epoch, _taken, PageMessages, PageBytes) : null;
        }
    }

    /// <param name="epoch">Of the connection that asked.</param>
    /// <param name="page">What the store answered.</param>
    public void TakePage(ulong epoch, QueuePage page)
    {
        Connection? connection;
        lock (_gate)
        {
            if (_phase != SessionPhase.Connected || epoch != Epoch)
            {
                return;
            }

            connection = _connection!; // Connected has one by definition
            if (page.Result == SessionResult.Ok)
            {
                Take(connection, page);
                SignalDrained();
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

    /// <summary>
    /// What a delivery waited for is committed: it may leave, unless it is over or the claim under which it was committed is.
    /// </summary>
    /// <param name="sending">The delivery, and how far it is once this is sent.</param>
    /// <param name="epoch">The claim.</param>
    /// <param name="isDuplicate">An earlier connection sent it.</param>
    /// <param name="isGone">A full queue, which has counted it, dropped it on its way.</param>
    /// <param name="burst">What wakes the connection.</param>
    public void SendCommitted(StartedDelivery sending, ulong epoch, bool isDuplicate, bool isGone, Burst burst)
    {
        Connection? connection;
        lock (_gate)
        {
            _committing--;
            connection = _connection;
            if (connection is null || epoch != Epoch || !_inflight.TryGetStage(sending.PacketId, out var stage)
                || _inflight.DeliveryOf(sending.PacketId).Sequence != sending.Sequence)
            {
                return;
            }

            var isRelease = sending.Stage == PendingStage.Released;
            if (isRelease != (stage == DeliveryStage.Released) || (!isRelease && !isDuplicate && stage != DeliveryStage.Unsent))
            {
                return; // PUBREC came before the repetition of PUBLISH left, or the commit was made twice
            }

            if (isGone && !isRelease && !isDuplicate)
            {
                _inflight.Remove(sending.PacketId);
                Refill(connection);
            }
            else if (isRelease)
            {
                connection.Outbound.TryEnqueue(OutboundFrame.Ack(PacketType.Pubrel, sending.PacketId, ReasonCode.Success));
            }
            else
            {
                _inflight.MarkSent(sending.PacketId);
                Transmit(connection, _inflight.DeliveryOf(sending.PacketId) with { Duplicate = isDuplicate }); // [MQTT-3.3.1-1]
            }
        }

        burst.Wake(connection);
    }

    /// <summary>The commit failed, again and again: the client connects anew, and gets the delivery then.</summary>
    public void FailToSend()
    {
        Connection? connection;
        lock (_gate)
        {
            _committing--;
            connection = _connection;
        }

        connection?.Close(CloseCause.InternalError, ReasonCode.UnspecifiedError);
    }

    /// <summary>Numbers whose delivery has ended, as pairs of first and last, for a report.</summary>
    public long[] TakeEnded()
    {
        lock (_gate)
        {
            return _reporting = _ended.Take();
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
    public void EndedReported(long[] pairs, ulong epoch, ReportFate fate)
    {
        lock (_gate)
        {
            var isSaidElsewhere = _reporting != pairs; // by the close that came meanwhile
            _reporting = isSaidElsewhere ? _reporting : [];
            if (fate == ReportFate.Noted || isSaidElsewhere || pairs.Length == 0)
            {
                return;
            }

            for (var i = 0; i < pairs.Length; i += 2)
            {
                _ended.Add(pairs[i], pairs[i + 1]);
            }

            if (fate == ReportFate.Lost || epoch != Epoch)
            {
                store.ReportLater(this);
            }
        }
    }

    /// <summary>
    /// Towards a session that outlives its connection a packet identifier of QoS 2 is stored before it is used, and PUBREC before PUBREL, or a
    /// crash could deliver the message a second time. What is sent meanwhile waits behind it. [MQTT-4.3.3-1] [MQTT-4.6.0-1]
    /// </summary>
    private bool IsHeldBack(in QueuedDelivery delivery) => delivery.QoS != QoS.AtMostOnce && (_committing > 0 || IsCommittedFirst(delivery));

    private bool IsCommittedFirst(in QueuedDelivery delivery) => delivery.QoS == QoS.ExactlyOnce && delivery.Sequence != 0 && main is null;

    private void HoldBack(in QueuedDelivery delivery, PendingStage stage)
    {
        _committing++;
        store.Send(this, new StartedDelivery(delivery.Sequence, delivery.PacketId, stage), IsCommittedFirst(delivery), delivery.Duplicate);
    }

    private void Take(Connection connection, QueuePage page)
    {
        foreach (var message in page.Messages)
        {
            if (message.Sequence <= _taken)
            {
                continue;
            }

            if (TryRestore(message, out var delivery))
            {
                Take(connection, delivery);
            }
            else
            {
                End(message.Sequence);
            }
        }

        _taken = Math.Max(_taken, page.Last);
        _mustRead |= page.HasMore;
        if (!page.HasMore && _newest == _asked) // else more was announced while the page was on its way
        {
            _newest = _taken;
        }
    }

    private void Take(Connection connection, in QueuedDelivery delivery)
    {
        _taken = delivery.Sequence;
        Accept(connection, delivery);
    }

    private void Accept(Connection connection, in QueuedDelivery delivery)
    {
        if (!Fits(connection, delivery))
        {
            End(delivery.Sequence);
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

    /// <summary>Goes on reading when there is more and nobody does yet.</summary>
    private void ReadOn()
    {
        if (!_isReading && IsBehind && _phase == SessionPhase.Connected && HasWindow)
        {
            _isReading = true;
            store.Read(this);
        }
    }

    /// <summary>The delivery of a numbered message is over, whatever its end: the store may forget it.</summary>
    private void End(long sequence)
    {
        if (sequence == 0)
        {
            return;
        }

        if (main is not null)
        {
            main.EndOfStream(sequence);
            return;
        }

        if (_ended.IsEmpty)
        {
            store.ReportLater(this);
        }

        _ended.Add(sequence);
        (_progress ??= store.ProgressOf(Key)).CountEnded();
    }
}
