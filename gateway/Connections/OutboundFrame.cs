using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Connections;

internal enum FrameKind : byte
{
    /// <summary>What <c>default</c> is, and what no one may ever enqueue: see <see cref="OutboundFrame.IsNull"/>.</summary>
    None,
    /// <summary>PUBACK, PUBREC, PUBREL, PUBCOMP: a type, an identifier and a code.</summary>
    Ack,
    /// <summary>Any other packet, encoded.</summary>
    Packet,
    /// <summary>A PUBLISH, encoded when it is written: topic aliases follow the order of writing.</summary>
    Publish,
}

/// <summary>One packet in the one ordered queue of a connection.</summary>
internal struct OutboundFrame
{
    public QueuedDelivery Delivery;
    public byte[]? Packet;
    public FrameKind Kind;
    public PacketType Type;
    public ReasonCode Reason;
    public ushort PacketId;

    public static OutboundFrame Ack(PacketType type, ushort packetId, ReasonCode reason) =>
        new() { Kind = FrameKind.Ack, Type = type, PacketId = packetId, Reason = reason };

    public static OutboundFrame Of(PacketType type, byte[] packet) => new() { Kind = FrameKind.Packet, Type = type, Packet = packet };

    public static OutboundFrame Publish(in QueuedDelivery delivery) =>
        new() { Kind = FrameKind.Publish, Type = PacketType.Publish, Delivery = delivery };

    /// <summary>A reply that the protocol demands is never dropped. [MQTT-4.3.2-4]</summary>
    public readonly bool IsReply => Kind != FrameKind.Publish;

    /// <summary>
    /// A frame without bytes must never be skipped: the client would wait for ever for what it stands for. The writer closes the
    /// connection on it.
    /// </summary>
    public readonly bool IsNull => Kind switch
    {
        FrameKind.Ack => PacketId == 0,
        FrameKind.Packet => Packet is not { Length: > 0 },
        FrameKind.Publish => Delivery.Message.IsNull || Delivery.SubscriptionIdentifiers is null,
        _ => true,
    };

    /// <summary>No encoding of this frame is longer.</summary>
    public readonly int LengthBound => Kind switch
    {
        FrameKind.Ack => AckBody.MaximumSize,
        FrameKind.Packet => Packet?.Length ?? 0,
        FrameKind.Publish when !Delivery.Message.IsNull => PublishEncoder.LengthBound(Delivery),
        _ => 0,
    };
}
