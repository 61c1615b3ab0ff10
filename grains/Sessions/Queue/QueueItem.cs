using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>One message in one session's queue.</summary>
internal readonly record struct QueueItem(
    long Number, MessageRef Message, byte Qos, bool Retain, uint[] SubscriptionIdentifiers,
    PendingStage Stage = PendingStage.Queued, ushort PacketId = 0, string? Share = null)
{
    /// <summary>Bytes that a message costs beside its body at most: its place in the queue, and an object that all queues share.</summary>
    public const int Overhead = 72;

    /// <summary>Bytes that the message counts against the bounds.</summary>
    public long Cost => Overhead + Message.Length;

    /// <summary>Returns whether the message is no longer delivered: only one whose delivery never began expires. [MQTT-3.3.2-5]</summary>
    public bool HasExpired(long now) => Stage == PendingStage.Queued && Message.HasExpired(now);

    /// <summary>Returns the delivery with its message.</summary>
    public PendingMessage With(byte[] bytes) =>
        new(bytes, Qos, Retain, SubscriptionIdentifiers, Message.ExpiresAt, Stage, PacketId, Number, Share);
}
