using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// The part of a session that belongs to a QUIC data stream, which has its own Packet Identifiers and its own order. It lives as long as the
/// stream; then it is folded into the session, which the grains know and which outlives connections. Different from the session itself:
/// messages that the store numbered are taken in the session's name, ended deliveries are reported by the session, and identifiers are
/// not kept through crashes, since they end with the stream. docs/decisions/0006.
/// </summary>
internal sealed class StreamPart : SessionPart
{
    public StreamPart(Session main)
        : base(main.Key, main.ClientId, main.Limits, main.Store)
    {
        Main = main;
        ExpirySeconds = main.ExpirySeconds;
        Outbound = new OutboundDelivery(this);
    }

    public override Session Main { get; }

    public override SessionSubscriptions Subscriptions => Main.Subscriptions;

    public override bool IsServedByStore => IsDurable || Main.IsServedByStore;

    /// <summary>They end with the stream; in the store they would be those of the control stream. [MQTT-4.3.3-10]</summary>
    public override bool KeepsInboundQoS2 => false;

    protected override OutboundDelivery Outbound { get; }

    /// <summary>The stream was opened.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="epoch">The claim of its connection.</param>
    /// <param name="receiveMaximum">Receive Maximum of the client, which holds for each stream.</param>
    public void Attach(Connection stream, ulong epoch, int receiveMaximum)
    {
        lock (Gate)
        {
            Begin(stream, epoch, receiveMaximum);
        }
    }

    /// <summary>
    /// The store numbers the messages of the client, not of its streams: the session notes that the next number is taken, the stream takes
    /// it. When it is not the next, or the stream is slow or gone, it comes over the control stream; when the stream is closing, behind
    /// what waits for it.
    /// </summary>
    public override void DeliverStored(in QueuedDelivery delivery, Burst burst)
    {
        if (!Outbound.HasWindow || !Main.TryTakeForStream(delivery.Sequence))
        {
            Main.DeliverStored(delivery, burst);
            return;
        }

        Connection? connection;
        lock (Gate)
        {
            connection = Phase == SessionPhase.Connected ? Connection : null;
            if (connection is not null)
            {
                Outbound.Accept(connection, delivery);
            }
            else if (Phase != SessionPhase.Folded)
            {
                Outbound.Hold(delivery); // it is folded into the session behind what waits here (invariant I8)
                return;
            }
        }

        if (connection is not null)
        {
            burst.Wake(connection);
        }
        else
        {
            Main.DeliverFromStream(delivery, burst);
        }
    }

    public override void LookForStored() => Main.LookForStored();

    /// <summary>Takes the session's gate inside that of the stream, never the other way round.</summary>
    public override void EndDelivery(long sequence)
    {
        AssertGate();
        if (sequence != 0)
        {
            Main.EndDeliveryOfStream(sequence);
        }
    }

    public override bool IsKeptThroughCrashes(in QueuedDelivery delivery) => false;

    /// <summary>The stream is closing: what comes from now on waits until this part is folded into the session.</summary>
    public override void OnClosing()
    {
        lock (Gate)
        {
            Phase = Phase == SessionPhase.Connected ? SessionPhase.Opening : Phase;
        }
    }

    /// <summary>
    /// What still has to be delivered, in order, for <see cref="Session.DeliverFromStream"/>; with nothing left, later messages go to the
    /// session. A QoS 1 or 2 delivery without its last acknowledgement is among them: its identifier was the stream's, so the client gets it
    /// again under a new one.
    /// </summary>
    public List<QueuedDelivery> TakeUnfinished(Connection stream)
    {
        lock (Gate)
        {
            var left = new List<QueuedDelivery>();
            if (Phase == SessionPhase.Folded)
            {
                return left;
            }

            if (Connection is not null)
            {
                left.AddRange(stream.Outbound.TakeUnsent().Where(frame => frame.Delivery.QoS == QoS.AtMostOnce).Select(frame => frame.Delivery));
            }

            (Connection, Phase) = (null, SessionPhase.Opening);
            Outbound.Unfinished.TakeForSession(left, out var received);
            received.ForEach(EndDelivery);
            SignalRoom();
            return left;
        }
    }

    /// <summary>True when nothing has come since <see cref="TakeUnfinished"/>; from then on the session is given everything.</summary>
    public bool TryFold()
    {
        lock (Gate)
        {
            if (Outbound.Waiting > 0)
            {
                return false;
            }

            Phase = SessionPhase.Folded;
            return true;
        }
    }
}
