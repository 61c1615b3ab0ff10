using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>
/// What stands of a message in a queue before the message itself, in snapshots and exports alike. Its number is written as the difference to the one
/// before: mostly a byte.
/// </summary>
/// <param name="Marks">Bits 64 and 128 of the first byte, which say how the message follows.</param>
internal readonly record struct QueueItemHead(
    byte Marks, long Number, byte Qos, bool Retain, uint[] SubscriptionIdentifiers, PendingStage Stage, ushort PacketId, string? Share)
{
    private const byte MarkBits = 64 | 128;

    /// <summary>In the place of the stage: the stage follows as a byte of its own, and then the share.</summary>
    private const byte WithShare = 3;

    public static void Write(RecordWriter to, in QueueItem item, ref QueueItemPlace place, byte marks)
    {
        var stage = item.Share is null ? (byte)item.Stage : WithShare;
        to.Byte((byte)(ContractFields.Flags(item.Qos, item.Retain, item.SubscriptionIdentifiers) | (stage << 4) | marks));
        if (item.Share is { } share)
        {
            to.Byte((byte)item.Stage);
            place.WriteShare(to, share);
        }

        to.Signed(item.Number - place.Number);
        place.Number = item.Number;
        if (item.Stage != PendingStage.Queued)
        {
            to.Number(item.PacketId);
        }

        if (item.SubscriptionIdentifiers.Length > 0)
        {
            to.List(item.SubscriptionIdentifiers, ContractFields.Identifier);
        }
    }

    /// <exception cref="InvalidDataException">These bytes are no such head.</exception>
    public static QueueItemHead Read(ref RecordReader from, ref QueueItemPlace place)
    {
        var flags = from.Byte();
        var (qos, retain, hasIdentifiers) = ContractFields.Flags(flags);
        if (qos > 2)
        {
            throw new InvalidDataException("a message has a QoS of 3");
        }

        var bits = (byte)((flags >> 4) & 3);
        var stage = ContractFields.Stage(bits == WithShare ? from.Byte() : bits);
        var share = bits == WithShare ? place.ReadShare(ref from) : null;
        place.Number += from.Signed();
        var packetId = stage == PendingStage.Queued ? (ushort)0 : from.UInt16();
        return new QueueItemHead(
            (byte)(flags & MarkBits), place.Number, qos, retain, hasIdentifiers ? from.List(ContractFields.Identifier) : [], stage, packetId, share);
    }

    public QueueItem With(MessageRef message) => new(Number, message, Qos, Retain, SubscriptionIdentifiers, Stage, PacketId, Share);
}
