using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>Writes and reads the records of the contracts as they stand in a journal.</summary>
internal static class ContractFields
{
    /// <summary>Writes a number behind an empty text: before gateways had numbers, their names stood there.</summary>
    public static void Gateway(RecordWriter to, GatewayRef gateway)
    {
        to.Text("");
        to.Signed(gateway.Number);
    }

    /// <summary>Reads a gateway. One that had a name has ended: it gets a negative number of its own, which none is given.</summary>
    public static GatewayRef Gateway(ref RecordReader from)
    {
        var (name, number) = (from.Text(), from.Signed());
        return new GatewayRef(name.Length == 0 ? number : NumberOf(name, number));
    }

    public static void Owner(RecordWriter to, SessionOwner owner)
    {
        Gateway(to, owner.Gateway);
        to.Signed(owner.ConnectionId);
        to.Number(owner.Epoch);
    }

    public static SessionOwner Owner(ref RecordReader from) => new(Gateway(ref from), from.Signed(), from.Number());

    public static void Will(RecordWriter to, WillRecord will)
    {
        to.Bytes(will.Message);
        to.Number(will.DelaySeconds);
    }

    public static WillRecord Will(ref RecordReader from) => new(from.Bytes(), from.UInt32());

    public static void Subscription(RecordWriter to, SubscriptionRecord subscription)
    {
        to.Text(subscription.Filter);
        to.Byte(subscription.Options);
        to.Number(subscription.Identifier);
    }

    public static SubscriptionRecord Subscription(ref RecordReader from) => new(from.Text(), from.Byte(), from.UInt32());

    public static void Text(RecordWriter to, string text) => to.Text(text);

    public static string Text(ref RecordReader from) => from.Text();

    /// <summary>A bit for <see cref="Flags(byte, bool, uint[])"/>: a share follows.</summary>
    public const byte HasShare = 16;

    public static void Identifier(RecordWriter to, uint identifier) => to.Number(identifier);

    public static uint Identifier(ref RecordReader from) => from.UInt32();

    public static void PacketId(RecordWriter to, ushort packetId) => to.Number(packetId);

    public static ushort PacketId(ref RecordReader from) => from.UInt16();

    public static void Long(RecordWriter to, long value) => to.Signed(value);

    public static long Long(ref RecordReader from) => from.Signed();

    public static void Started(RecordWriter to, StartedDelivery started)
    {
        to.Signed(started.Sequence);
        to.Number(started.PacketId);
        to.Byte((byte)started.Stage);
    }

    public static StartedDelivery Started(ref RecordReader from) => new(from.Signed(), from.UInt16(), Stage(from.Byte()));

    public static void Progress(RecordWriter to, SessionProgress progress)
    {
        to.Text(progress.Key);
        to.Number(progress.Epoch);
        to.List(progress.Done, Long);
        to.List(progress.Started, Started);
        to.List(progress.InboundReleased, PacketId);
    }

    public static SessionProgress Progress(ref RecordReader from) =>
        new(from.Text(), from.Number(), from.List(Long), from.List(Started), from.List(PacketId));

    public static void Origin(RecordWriter to, MessageOrigin origin)
    {
        to.Text(origin.Key);
        to.Number(origin.PacketId);
    }

    public static MessageOrigin Origin(ref RecordReader from) => new(from.Text(), from.UInt16());

    public static void Reattached(RecordWriter to, ReattachEntry entry)
    {
        to.Text(entry.Key);
        Owner(to, entry.Owner);
        to.Number(entry.ExpirySeconds);
        to.Maybe(entry.Will, Will);
        to.List(entry.Subscriptions, Subscription);
    }

    public static ReattachEntry Reattached(ref RecordReader from) =>
        new(from.Text(), Owner(ref from), from.UInt32(), from.Maybe(Will), from.List(Subscription));

    /// <summary>Writes the reply to a CONNECT, which is kept without the state.</summary>
    public static void Opened(RecordWriter to, OpenReply opened)
    {
        to.Byte((byte)opened.Result);
        to.Number(opened.Epoch);
        to.Flag(opened.SessionPresent);
        to.Maybe(opened.Previous, Owner);
        to.Maybe(opened.DueWill, (writer, will) => writer.Bytes(will));
    }

    public static OpenReply Opened(ref RecordReader from) => new(
        (SessionResult)from.Byte(), from.Number(), from.Flag(), from.Maybe(Owner), null,
        from.Maybe((ref RecordReader reader) => reader.Bytes()));

    public static PendingStage Stage(byte value) => value <= (byte)PendingStage.Released
        ? (PendingStage)value : throw new InvalidDataException($"A delivery is at an unknown stage {value}.");

    public static WillAction Action(byte value) => value <= (byte)WillAction.Arm
        ? (WillAction)value : throw new InvalidDataException($"An unknown action {value} for a will.");

    /// <summary>Returns QoS in two bits, RETAIN in one, then whether there are Subscription Identifiers; the caller has four more bits.</summary>
    public static byte Flags(byte qos, bool retain, uint[] identifiers) =>
        (byte)(qos | (retain ? 4 : 0) | (identifiers.Length > 0 ? 8 : 0));

    public static (byte Qos, bool Retain, bool HasIdentifiers) Flags(byte flags) => ((byte)(flags & 3), (flags & 4) != 0, (flags & 8) != 0);

    private static long NumberOf(string name, long incarnation)
    {
        var hash = new ShardHash();
        hash.Append(name);
        hash.Append(incarnation);
        return (long)(hash.Value | (1UL << 63));
    }
}
