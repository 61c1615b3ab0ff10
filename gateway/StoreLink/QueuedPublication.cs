using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>One message on its way to one store shard, for all its durable sessions there: the shard takes it as a whole or not at all.</summary>
/// <param name="Message">The message.</param>
/// <param name="Origin">The publisher's identifier of a QoS 2 publication, when the store keeps it for the next connection; null for all others.</param>
/// <param name="Receivers">At least one.</param>
/// <param name="Source">Where the store has it until then; null unless a session that has ended left it.</param>
internal readonly record struct QueuedPublication(
    Message Message, MessageOrigin? Origin, List<DurableReceiver> Receivers, QueueSource? Source = null)
{
    public QueueEntry ToRecord() =>
        new(Message.ToArray(), Message.ExpiresAt, [.. Receivers.Select(static receiver => receiver.ToRecord())], Origin, Source);
}

/// <summary>One durable session that a message is queued for, and how it is to get it.</summary>
internal readonly record struct DurableReceiver(IDurablePart Session, QoS QoS, bool Retain, uint[] Identifiers, SharedSubscription? Share)
{
    public QueueTarget ToRecord() => new(Session.Key, (byte)QoS, Retain, Identifiers, Session.Main.Epoch, Share?.Filter);

    public QueuedDelivery DeliveryOf(in Message message, long sequence) => new()
    {
        Message = message,
        SubscriptionIdentifiers = Identifiers,
        Share = Share,
        QoS = QoS,
        Retain = Retain,
        Sequence = sequence,
    };
}
