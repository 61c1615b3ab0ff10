using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Deliveries that are not over when a connection is: what waits in the backlog and what is open in the in-flight window, on their way to the
/// store, to the client's session or to another member of a share group, and back from the store. Used inside the session's gate.
/// </summary>
internal readonly struct UnfinishedDeliveries(Backlog backlog, InflightWindow window)
{
    public void Clear()
    {
        window.Clear();
        backlog.Clear();
    }

    /// <summary>
    /// What the store does not know of the session yet, oldest first: of its own messages how far they came, of others (retained ones) the
    /// message. QoS 0 is not kept. Leaves none behind. MQTT 5 §4.1.0.
    /// </summary>
    public PendingMessage[] TakeForStore(long now)
    {
        var pending = new List<PendingMessage>();
        foreach (var (delivery, stage) in window.Open())
        {
            if (delivery.Sequence == 0 || stage != DeliveryStage.Unsent)
            {
                pending.Add(ToPending(delivery, stage));
            }
        }

        window.Clear();
        while (backlog.Count > 0)
        {
            var delivery = backlog.Dequeue();
            if (delivery.Sequence == 0 && delivery.QoS != QoS.AtMostOnce && !delivery.Message.IsExpired(now))
            {
                pending.Add(ToPending(delivery, DeliveryStage.Unsent));
            }
        }

        return [.. pending];
    }

    /// <summary>Takes in what the store held, which is older than anything that waits here. What waits with a number comes from the store.</summary>
    public void Restore(PendingMessage[] stored)
    {
        var newer = new List<QueuedDelivery>(backlog.Count);
        while (backlog.Count > 0)
        {
            var held = backlog.Dequeue();
            if (held.Sequence == 0)
            {
                newer.Add(held);
            }
        }

        var begun = new List<(QueuedDelivery, DeliveryStage)>();
        foreach (var pending in stored)
        {
            Restore(pending, begun);
        }

        window.Clear();
        window.Restore(begun);
        foreach (var delivery in newer)
        {
            backlog.Enqueue(delivery);
        }
    }

    /// <summary>
    /// What a data stream's part leaves to the session, in order, without the stream's Packet Identifiers. Leaves none behind.
    /// </summary>
    /// <param name="left">Added to.</param>
    /// <param name="received">Numbers of the deliveries that the client has: they only miss PUBCOMP.</param>
    public void TakeForSession(List<QueuedDelivery> left, out List<long> received)
    {
        received = [];
        foreach (var (delivery, stage) in window.Open())
        {
            if (stage != DeliveryStage.Released)
            {
                left.Add(delivery with { PacketId = 0, Duplicate = false });
            }
            else
            {
                received.Add(delivery.Sequence);
            }
        }

        window.Clear();
        while (backlog.Count > 0)
        {
            left.Add(backlog.Dequeue());
        }
    }

    /// <summary>
    /// Messages of share groups that may go to another member when the session ends: those never sent, and unacknowledged QoS 1.
    /// A QoS 2 message that was sent is this client's alone. [MQTT-4.8.2-5] What the store has is handed over by the store, which knows better
    /// whether the session has ended. Empties the backlog.
    /// </summary>
    /// <param name="lost">Number of the others that waited.</param>
    public List<QueuedDelivery> TakeForShareGroups(out int lost)
    {
        var messages = new List<QueuedDelivery>();
        foreach (var (delivery, stage) in window.Open())
        {
            var mayMove = stage == DeliveryStage.Unsent || (stage == DeliveryStage.Published && delivery.QoS == QoS.AtLeastOnce);
            if (delivery.Share is not null && delivery.Sequence == 0 && mayMove)
            {
                messages.Add(delivery);
            }
        }

        lost = 0;
        while (backlog.Count > 0)
        {
            var delivery = backlog.Dequeue();
            if (delivery.Share is not null && delivery.Sequence == 0)
            {
                messages.Add(delivery);
            }
            else if (delivery.Share is null)
            {
                lost++;
            }
        }

        return messages;
    }

    /// <summary>A delivery as the store keeps it; false when it has no message, as one that was released.</summary>
    public static bool TryRead(PendingMessage pending, out QueuedDelivery delivery)
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
        var hasMessage = TryRead(pending, out var delivery);
        if (pending.Stage == PendingStage.Released || (pending.Stage == PendingStage.Published && hasMessage))
        {
            begun.Add((delivery, pending.Stage == PendingStage.Released ? DeliveryStage.Released : DeliveryStage.Published));
        }
        else if (hasMessage)
        {
            backlog.Enqueue(delivery);
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
