using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Outbound delivery of the session itself. Towards a session that outlives its connection a Packet Identifier of QoS 2 is committed to the
/// store before it is used, and PUBREC before PUBREL, or a crash could deliver the message a second time. What is sent meanwhile waits
/// behind it. [MQTT-4.3.3-1] [MQTT-4.6.0-1]
/// </summary>
internal sealed class CommittedDelivery(Session session) : OutboundDelivery(session)
{
    private int _committing; // deliveries that wait for a commit, and those behind them

    /// <summary>A commit was answered, or failed: the delivery that waited for it waits no longer.</summary>
    public void EndCommit()
    {
        Part.AssertGate();
        _committing--;
    }

    /// <summary>Sends what was committed under the claim of this connection; false when it is over, or further than that.</summary>
    /// <param name="connection">Where it goes.</param>
    /// <param name="sending">The delivery, and how far it is once this is sent.</param>
    /// <param name="isDuplicate">An earlier connection sent it.</param>
    /// <param name="isGone">A full queue, which has counted it, dropped it on its way.</param>
    public bool TrySend(Connection connection, StartedDelivery sending, bool isDuplicate, bool isGone)
    {
        Part.AssertGate();
        if (!Window.TryGetStage(sending.PacketId, out var stage) || Window.DeliveryOf(sending.PacketId).Sequence != sending.Sequence)
        {
            return false;
        }

        var isRelease = sending.Stage == PendingStage.Released;
        if (isRelease != (stage == DeliveryStage.Released))
        {
            return false; // PUBREC came before PUBLISH left
        }

        if (isRelease)
        {
            connection.Outbound.TryEnqueue(OutboundFrame.Ack(PacketType.Pubrel, sending.PacketId, ReasonCode.Success));
        }
        else if (isGone && !isDuplicate)
        {
            Window.Remove(sending.PacketId);
        }
        else
        {
            Window.MarkSent(sending.PacketId);
            Transmit(connection, Window.DeliveryOf(sending.PacketId) with { Duplicate = isDuplicate }); // [MQTT-3.3.1-1]
        }

        return true;
    }

    protected override bool TryHoldBack(in QueuedDelivery delivery, DeliveryStage stage)
    {
        var isCommitted = delivery.QoS == QoS.ExactlyOnce && delivery.Sequence != 0;
        if (!isCommitted && _committing == 0)
        {
            return false;
        }

        _committing++;
        var pending = stage == DeliveryStage.Released ? PendingStage.Released : PendingStage.Published;
        Part.Store.Send(Part.Main, new StartedDelivery(delivery.Sequence, delivery.PacketId, pending), isCommitted, delivery.Duplicate);
        return true;
    }
}
