using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>One message in one session's queue.</summary>
internal readonly record struct QueueItem(
    long Number, MessageRef Message, byte Qos, bool Retain, uint[] SubscriptionIdentifiers,
    PendingStage Stage = PendingStage.Queued, ushort PacketId = 0)
{
    /// <summary>What a message costs beside its body at most: its place in the queue, and an object that all queues share.</summary>
    public const int Overhead = 72;

    public long Cost => Overhead + Message.Length;

    /// <summary>Only a message whose delivery never began expires. [MQTT-3.3.2-5]</summary>
    public bool HasExpired(long now) => Stage == PendingStage.Queued && Message.HasExpired(now);

    public PendingMessage With(byte[] bytes) =>
        new(bytes, Qos, Retain, SubscriptionIdentifiers, Message.ExpiresAt, Stage, PacketId, Number);
}
