using System.Text;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Testing;

/// <summary>The packets that a client sends, whole and in every protocol version; properties are left out before MQTT 5.</summary>
/// <remarks>It shares no code with the gateway's encoders, so that their mistakes do not cancel out.</remarks>
public static class ClientPackets
{
    /// <summary>PINGREQ.</summary>
    public static byte[] Pingreq() => [0xC0, 0x00];

    /// <summary>CONNECT. A null user name, password or will leaves the field and its flags out.</summary>
    public static byte[] Connect(
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        string clientId = "client",
        bool cleanStart = true,
        ushort keepAlive = 0,
        string? userName = null,
        byte[]? password = null,
        ClientWill? will = null,
        PropertyList? properties = null)
    {
        var flags = (cleanStart ? 0x02 : 0) | (userName is null ? 0 : 0x80) | (password is null ? 0 : 0x40);
        if (will is not null)
        {
            flags |= 0x04 | (int)will.QoS << 3 | (will.Retain ? 0x20 : 0);
        }

        var body = new List<byte>();
        WriteString(body, version == ProtocolVersion.Mqtt31 ? "MQIsdp" : "MQTT");
        body.Add((byte)version);
        body.Add((byte)flags);
        WriteUInt16(body, keepAlive);
        WriteProperties(body, version, properties);
        WriteString(body, clientId);
        if (will is not null)
        {
            WriteProperties(body, version, will.Properties);
            WriteString(body, will.Topic);
            WriteBinary(body, will.Payload);
        }

        if (userName is not null)
        {
            WriteString(body, userName);
        }

        if (password is not null)
        {
            WriteBinary(body, password);
        }

        return Frame(0x10, [.. body]);
    }

    /// <summary>PUBLISH. The Packet Identifier is written where the QoS asks for one.</summary>
    public static byte[] Publish(
        string topic,
        ReadOnlySpan<byte> payload,
        QoS qos = QoS.AtMostOnce,
        ushort packetId = 0,
        bool retain = false,
        bool dup = false,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        PropertyList? properties = null)
    {
        var body = new List<byte>();
        WriteString(body, topic);
        if (qos != QoS.AtMostOnce)
        {
            WriteUInt16(body, packetId);
        }

        WriteProperties(body, version, properties);
        body.AddRange(payload);
        return Frame((byte)(0x30 | (dup ? 8 : 0) | (int)qos << 1 | (retain ? 1 : 0)), [.. body]);
    }

    /// <summary>PUBLISH with a text payload.</summary>
    public static byte[] Publish(
        string topic,
        string payload,
        QoS qos = QoS.AtMostOnce,
        ushort packetId = 0,
        bool retain = false,
        bool dup = false,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        PropertyList? properties = null) =>
        Publish(topic, Encoding.UTF8.GetBytes(payload), qos, packetId, retain, dup, version, properties);

    public static byte[] Puback(
        ushort packetId,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        ReasonCode reason = ReasonCode.Success,
        PropertyList? properties = null) => Ack(0x40, packetId, version, reason, properties);

    public static byte[] Pubrec(
        ushort packetId,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        ReasonCode reason = ReasonCode.Success,
        PropertyList? properties = null) => Ack(0x50, packetId, version, reason, properties);

    public static byte[] Pubrel(
        ushort packetId,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        ReasonCode reason = ReasonCode.Success,
        PropertyList? properties = null) => Ack(0x62, packetId, version, reason, properties);

    public static byte[] Pubcomp(
        ushort packetId,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        ReasonCode reason = ReasonCode.Success,
        PropertyList? properties = null) => Ack(0x70, packetId, version, reason, properties);

    /// <summary>SUBSCRIBE to one filter.</summary>
    public static byte[] Subscribe(
        ushort packetId,
        string filter,
        QoS qos = QoS.AtMostOnce,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        PropertyList? properties = null) => Subscribe(packetId, [(filter, (byte)qos)], version, properties);

    /// <summary>SUBSCRIBE to filters with their Subscription Options bytes; see <see cref="SubscribeOptions"/>.</summary>
    public static byte[] Subscribe(
        ushort packetId,
        ReadOnlySpan<(string Filter, byte Options)> entries,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        PropertyList? properties = null)
    {
        var body = new List<byte>();
        WriteUInt16(body, packetId);
        WriteProperties(body, version, properties);
        foreach (var (filter, options) in entries)
        {
            WriteString(body, filter);
            body.Add(options);
        }

        return Frame(0x82, [.. body]);
    }

    /// <summary>The Subscription Options byte of MQTT 5.</summary>
    public static byte SubscribeOptions(
        QoS qos = QoS.AtMostOnce,
        bool noLocal = false,
        bool retainAsPublished = false,
        RetainHandling retainHandling = RetainHandling.SendAtSubscribe) =>
        (byte)((int)qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (int)retainHandling << 4);

    /// <summary>UNSUBSCRIBE from one filter.</summary>
    public static byte[] Unsubscribe(
        ushort packetId,
        string filter,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        PropertyList? properties = null) => Unsubscribe(packetId, [filter], version, properties);

    /// <summary>UNSUBSCRIBE.</summary>
    public static byte[] Unsubscribe(
        ushort packetId,
        ReadOnlySpan<string> filters,
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        PropertyList? properties = null)
    {
        var body = new List<byte>();
        WriteUInt16(body, packetId);
        WriteProperties(body, version, properties);
        foreach (var filter in filters)
        {
            WriteString(body, filter);
        }

        return Frame(0xA2, [.. body]);
    }

    /// <summary>DISCONNECT; before MQTT 5, and for Success without properties, it has no body.</summary>
    public static byte[] Disconnect(
        ProtocolVersion version = ProtocolVersion.Mqtt5,
        ReasonCode reason = ReasonCode.Success,
        PropertyList? properties = null)
    {
        if (version != ProtocolVersion.Mqtt5 || (reason == ReasonCode.Success && properties is null))
        {
            return [0xE0, 0x00];
        }

        var body = new List<byte> { (byte)reason };
        if (properties is not null)
        {
            WriteProperties(body, version, properties);
        }

        return Frame(0xE0, [.. body]);
    }

    /// <summary>AUTH. Null leaves the property out.</summary>
    public static byte[] Auth(
        ReasonCode reason,
        string? method,
        byte[]? data = null,
        PropertyList? properties = null)
    {
        var all = new PropertyList();
        if (method is not null)
        {
            all.Add(PropertyId.AuthenticationMethod, method);
        }

        if (data is not null)
        {
            all.Add(PropertyId.AuthenticationData, data);
        }

        if (properties is not null)
        {
            all.Add(properties.ToArray());
        }

        var body = new List<byte> { (byte)reason };
        WriteProperties(body, ProtocolVersion.Mqtt5, all);
        return Frame(0xF0, [.. body]);
    }

    /// <summary>Puts a first byte and the Remaining Length before a body that may be anything.</summary>
    public static byte[] Frame(byte firstByte, params ReadOnlySpan<byte> body)
    {
        var frame = new List<byte>(body.Length + 5) { firstByte };
        WriteVariable(frame, (uint)body.Length);
        frame.AddRange(body);
        return [.. frame];
    }

    internal static void WriteUInt16(List<byte> target, int value)
    {
        target.Add((byte)(value >> 8));
        target.Add((byte)value);
    }

    internal static void WriteVariable(List<byte> target, uint value)
    {
        do
        {
            var digit = value % 128;
            value /= 128;
            target.Add((byte)(value > 0 ? digit + 128 : digit));
        }
        while (value > 0);
    }

    internal static void WriteString(List<byte> target, string value) => WriteBinary(target, Encoding.UTF8.GetBytes(value));

    internal static void WriteBinary(List<byte> target, byte[] value)
    {
        WriteUInt16(target, value.Length);
        target.AddRange(value);
    }

    private static byte[] Ack(byte firstByte, ushort packetId, ProtocolVersion version, ReasonCode reason, PropertyList? properties)
    {
        var body = new List<byte>();
        WriteUInt16(body, packetId);
        if (version == ProtocolVersion.Mqtt5 && (reason != ReasonCode.Success || properties is not null))
        {
            body.Add((byte)reason);
        }

        if (properties is not null)
        {
            WriteProperties(body, version, properties);
        }

        return Frame(firstByte, [.. body]);
    }

    private static void WriteProperties(List<byte> target, ProtocolVersion version, PropertyList? properties)
    {
        if (version != ProtocolVersion.Mqtt5)
        {
            return;
        }

        var block = properties?.ToArray() ?? [];
        WriteVariable(target, (uint)block.Length);
        target.AddRange(block);
    }
}
