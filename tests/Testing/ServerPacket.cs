using System.Text;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Testing;

/// <summary>A packet from the server, taken apart.</summary>
/// <remarks>It shares no code with the gateway's encoders, so that their mistakes do not cancel out.</remarks>
public sealed class ServerPacket
{
    private ServerPacket(byte[] bytes, ProtocolVersion version)
    {
        Bytes = bytes;
        Type = (PacketType)(bytes[0] >> 4);
        var at = 1;
        while ((bytes[at++] & 0x80) != 0)
        {
        }

        Read(version, at);
    }

    public byte[] Bytes { get; }

    public PacketType Type { get; }

    /// <summary>0 where the packet has none.</summary>
    public ushort PacketId { get; private set; }

    /// <summary>Of CONNACK, DISCONNECT, AUTH and the acknowledgements; Success where it is left out. Before MQTT 5 the return code.</summary>
    public ReasonCode Reason { get; private set; }

    /// <summary>SUBACK and UNSUBACK: one per filter.</summary>
    public ReasonCode[] Reasons { get; private set; } = [];

    public bool SessionPresent { get; private set; }

    /// <summary>Of a PUBLISH, as it stands there: empty where an alias replaces it.</summary>
    public string Topic { get; private set; } = "";

    public byte[] Payload { get; private set; } = [];

    public string Text => Encoding.UTF8.GetString(Payload);

    public QoS QoS => (QoS)(Bytes[0] >> 1 & 3);

    public bool Dup => (Bytes[0] & 8) != 0;

    public bool Retain => (Bytes[0] & 1) != 0;

    /// <summary>In the order in which they stand there. Numbers are <see cref="uint"/>, binary data and strings <see cref="string"/>.</summary>
    public IReadOnlyList<(PropertyId Id, object Value)> Properties { get; private set; } = [];

    public static ServerPacket Read(byte[] bytes, ProtocolVersion version) => new(bytes, version);

    public uint? Number(PropertyId id) => Numbers(id) is { Count: > 0 } numbers ? numbers[0] : null;

    public IReadOnlyList<uint> Numbers(PropertyId id) => [.. Properties.Where(property => property.Id == id).Select(property => (uint)property.Value)];

    public string? String(PropertyId id) => (string?)Properties.FirstOrDefault(property => property.Id == id).Value;

    public override string ToString() => $"{Type} {Convert.ToHexString(Bytes)}";

    private void Read(ProtocolVersion version, int at)
    {
        var v5 = version == ProtocolVersion.Mqtt5;
        switch (Type)
        {
            case PacketType.Connack:
                SessionPresent = Bytes[at] == 1;
                Reason = (ReasonCode)Bytes[at + 1];
                ReadProperties(at + 2, v5);
                break;
            case PacketType.Publish:
                int topicLength = UInt16(at);
                Topic = Encoding.UTF8.GetString(Bytes, at + 2, topicLength);
                at += 2 + topicLength;
                PacketId = QoS == QoS.AtMostOnce ? (ushort)0 : UInt16(at);
                at += QoS == QoS.AtMostOnce ? 0 : 2;
                Payload = Bytes[ReadProperties(at, v5)..];
                break;
            case PacketType.Suback or PacketType.Unsuback:
                PacketId = UInt16(at);
                Reasons = [.. Bytes[ReadProperties(at + 2, v5)..].Select(code => (ReasonCode)code)];
                break;
            case PacketType.Disconnect or PacketType.Auth:
                Reason = at < Bytes.Length ? (ReasonCode)Bytes[at] : ReasonCode.Success;
                ReadProperties(at + 1, at + 1 < Bytes.Length);
                break;
            case PacketType.Pingresp:
                break;
            default:
                PacketId = UInt16(at);
                Reason = at + 2 < Bytes.Length ? (ReasonCode)Bytes[at + 2] : ReasonCode.Success;
                ReadProperties(at + 3, at + 3 < Bytes.Length);
                break;
        }
    }

    /// <returns>Where the properties end.</returns>
    private int ReadProperties(int at, bool present)
    {
        if (!present)
        {
            return at;
        }

        var length = (int)Variable(ref at);
        var end = at + length;
        var properties = new List<(PropertyId, object)>();
        while (at < end)
        {
            var id = (PropertyId)Bytes[at++];
            properties.Add((id, Value(id, ref at)));
        }

        Properties = properties;
        return end;
    }

    private object Value(PropertyId id, ref int at)
    {
        switch (id)
        {
            case PropertyId.SubscriptionIdentifier:
                return Variable(ref at);
            case PropertyId.MessageExpiryInterval or PropertyId.SessionExpiryInterval or PropertyId.MaximumPacketSize:
                at += 4;
                return (uint)(UInt16(at - 4) << 16 | UInt16(at - 2));
            case PropertyId.ServerKeepAlive or PropertyId.ReceiveMaximum or PropertyId.TopicAliasMaximum or PropertyId.TopicAlias:
                at += 2;
                return (uint)UInt16(at - 2);
            case PropertyId.PayloadFormatIndicator or PropertyId.MaximumQoS or PropertyId.RetainAvailable
                or PropertyId.WildcardSubscriptionAvailable or PropertyId.SubscriptionIdentifierAvailable
                or PropertyId.SharedSubscriptionAvailable:
                return (uint)Bytes[at++];
            case PropertyId.UserProperty:
                var name = Text16(ref at);
                return $"{name}={Text16(ref at)}";
            default:
                return Text16(ref at);
        }
    }

    private string Text16(ref int at)
    {
        int length = UInt16(at);
        at += 2 + length;
        return Encoding.UTF8.GetString(Bytes, at - length, length);
    }

    private uint Variable(ref int at)
    {
        uint value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var digit = Bytes[at++];
            value |= (uint)(digit & 0x7F) << shift;
            if (digit < 0x80)
            {
                return value;
            }
        }
    }

    private ushort UInt16(int at) => (ushort)(Bytes[at] << 8 | Bytes[at + 1]);
}
