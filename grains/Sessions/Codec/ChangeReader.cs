using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;

namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>Reads what <see cref="ChangeWriter"/> wrote.</summary>
internal static class ChangeReader
{
    public static SessionChange Read(ref RecordReader from, IReadOnlyList<MessageBody> messages)
    {
        var kind = (ChangeKind)from.Byte();
        var at = from.Signed();
        return kind switch
        {
            ChangeKind.Attached or ChangeKind.AttachedAndWillSetOff => Attached(at, ref from, kind == ChangeKind.AttachedAndWillSetOff),
            ChangeKind.Applied => new Applied(
                at, new SessionDelta(from.Text(), from.Number(), from.List(ContractFields.Subscription), from.List(ContractFields.Text))),
            ChangeKind.Detached => Detached(at, ref from, messages),
            ChangeKind.Queued => Queued(at, ref from, messages),
            ChangeKind.Reported => Reported(at, ref from),
            ChangeKind.Reattached => new Reattached(at, new ReattachBatch(ContractFields.Gateway(ref from), from.List(ContractFields.Reattached))),
            ChangeKind.Preset => Preset(at, ref from),
            ChangeKind.GatewayLost => new GatewayLost(at, ContractFields.Gateway(ref from)),
            ChangeKind.WillsCompleted => new WillsCompleted(at, from.List(ContractFields.Long)),
            ChangeKind.WillsLeased => new WillsLeased(at, ContractFields.Gateway(ref from), from.List(ContractFields.Long)),
            ChangeKind.Moved => Moved(at, ref from, messages),
            ChangeKind.Ticked => new Ticked(at),
            _ => throw new InvalidDataException($"A change is of an unknown kind {kind}."),
        };
    }

    private static Attached Attached(long at, ref RecordReader from, bool setsWillOff)
    {
        var (key, epoch) = (from.Text(), from.Number());
        var request = new OpenRequest(
            ContractFields.Gateway(ref from), from.Signed(), from.Flag(), from.UInt32(), from.Maybe(ContractFields.Will));
        return new Attached(at, key, request, epoch, setsWillOff);
    }

    private static Detached Detached(long at, ref RecordReader from, IReadOnlyList<MessageBody> messages)
    {
        var (key, epoch, expiry, will) = (from.Text(), from.Number(), from.UInt32(), ContractFields.Action(from.Byte()));
        var (done, begun) = (from.List(ContractFields.Long), from.List(ContractFields.Started));
        var handed = new HandedMessage[MessageCount(ref from, messages)];
        for (var index = 0; index < handed.Length; index++)
        {
            handed[index] = Handed(ref from, messages[index]);
        }

        return new Detached(at, key, epoch, expiry, will, done, begun, handed, from.List(ContractFields.PacketId), from.List(ContractFields.Long));
    }

    private static HandedMessage Handed(ref RecordReader from, MessageBody body)
    {
        var (number, flags, packetId) = (from.Signed(), from.Byte(), from.UInt16());
        var (qos, retain, hasIdentifiers) = ContractFields.Flags(flags);
        return new HandedMessage(
            body, number, qos, retain, hasIdentifiers ? from.List(ContractFields.Identifier) : [], ContractFields.Stage((byte)(flags >> 4)), packetId);
    }

    private static Queued Queued(long at, ref RecordReader from, IReadOnlyList<MessageBody> messages)
    {
        var (producer, sequence, count) = (ContractFields.Gateway(ref from), from.Signed(), from.Int32());
        var keys = from.List(ContractFields.Text);
        var queued = new QueuedMessage[MessageCount(ref from, messages)];
        for (var index = 0; index < queued.Length; index++)
        {
            queued[index] = new QueuedMessage(messages[index], Targets(ref from, keys));
        }

        var origins = from.List(ContractFields.Origin);
        var dropped = new QueuePlace[from.Count()];
        for (var index = 0; index < dropped.Length; index++)
        {
            dropped[index] = new QueuePlace(Key(ref from, keys), from.Signed());
        }

        return new Queued(at, producer, sequence, count, queued, origins, dropped);
    }

    private static QueuedTarget[] Targets(ref RecordReader from, string[] keys)
    {
        var targets = new QueuedTarget[from.Count()];
        for (var index = 0; index < targets.Length; index++)
        {
            var (key, number) = (Key(ref from, keys), from.Signed());
            var flags = from.Byte();
            var (qos, retain, hasIdentifiers) = ContractFields.Flags(flags);
            targets[index] = new QueuedTarget(
                key, number, qos, retain, hasIdentifiers ? from.List(ContractFields.Identifier) : [],
                (flags & ContractFields.HasShare) != 0 ? from.Text() : null);
        }
        return targets;
    }

    private static string Key(ref RecordReader from, string[] keys) =>
        from.Int32() is var index && index < keys.Length ? keys[index] : throw new InvalidDataException("A change names a session that it does not have.");

    private static int MessageCount(ref RecordReader from, IReadOnlyList<MessageBody> messages) => from.Count() is var count && count == messages.Count
        ? count : throw new InvalidDataException($"A change brings {count} messages, and {messages.Count} stand before it.");

    private static Moved Moved(long at, ref RecordReader from, IReadOnlyList<MessageBody> messages)
    {
        var moved = new MovedMessage[MessageCount(ref from, messages)];
        for (var index = 0; index < moved.Length; index++)
        {
            moved[index] = new MovedMessage(messages[index], from.Text(), from.Signed(), from.Signed());
        }

        return new Moved(at, moved);
    }

    private static Reported Reported(long at, ref RecordReader from)
    {
        var (gateway, sequence) = (ContractFields.Gateway(ref from), from.Signed());
        return new Reported(at, new ProgressBatch(gateway, from.List(ContractFields.Progress), sequence));
    }

    private static Preset Preset(long at, ref RecordReader from)
    {
        var (key, epoch, expiry) = (from.Text(), from.Number(), from.UInt32());
        return new Preset(at, key, new PresetRequest(from.List(ContractFields.Subscription), expiry), epoch);
    }
}
