using System.Buffers.Binary;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Writes a PUBLISH for one receiver from the shared message: the translation between versions is which parts are written.
/// MQTT 3.1.1 §3.3, MQTT 5 §3.3.
/// </summary>
internal static class PublishEncoder
{
    private const int ExpiryLength = 5, AliasLength = 3;

    /// <summary>The record's own header (24 bytes) is longer than fixed header, lengths, identifier, expiry and alias together (21).</summary>
    public static int LengthBound(in QueuedDelivery delivery) => delivery.Length + (5 * (delivery.SubscriptionIdentifiers?.Length ?? 0));

    /// <summary>
    /// The exact length without a topic alias, for the receiver's Maximum Packet Size; above <see cref="FixedHeader.LargestPacket"/> for what has
    /// no encoding. [MQTT-3.1.2-24]
    /// </summary>
    public static int Length(in QueuedDelivery delivery, ProtocolVersion version) => Length(delivery, version, withAlias: false);

    /// <summary>
    /// Writes the packet, not longer than <see cref="Length(in QueuedDelivery, ProtocolVersion)"/> or, where an alias is told, Maximum Packet Size.
    /// </summary>
    public static int Write(Span<byte> target, in QueuedDelivery delivery, Client client, long now, OutboundTopicAliases? aliases)
    {
        var (message, version) = (delivery.Message, client.Version);
        var topic = message.Topic;
        ushort alias = 0;
        if (aliases is not null && aliases.TryGet(topic, out alias))
        {
            topic = default; // the client has the alias: an empty topic name stands for it [MQTT-3.3.2-8]
        }
        else if (aliases is not null && aliases.HasRoomFor(topic) && Length(delivery, version, withAlias: true) <= client.MaximumPacketSize)
        {
            alias = aliases.Add(topic); // the packet that tells it is longer than one without [MQTT-3.1.2-24]
        }

        var properties = PropertiesLength(delivery, alias != 0);
        var remaining = RemainingLength(delivery, version, topic.Length, properties);
        target[0] = (byte)(((byte)PacketType.Publish << 4) | (delivery.Duplicate ? 8 : 0) | ((byte)delivery.QoS << 1) | (delivery.Retain ? 1 : 0));
        var at = 1 + VariableByteInteger.Write(target[1..], (uint)remaining);
        BinaryPrimitives.WriteUInt16BigEndian(target[at..], (ushort)topic.Length);
        topic.CopyTo(target[(at + 2)..]);
        at += 2 + topic.Length;
        if (delivery.QoS != QoS.AtMostOnce)
        {
            BinaryPrimitives.WriteUInt16BigEndian(target[at..], delivery.PacketId);
            at += 2;
        }

        if (version == ProtocolVersion.Mqtt5)
        {
            at += VariableByteInteger.Write(target[at..], (uint)properties);
            at += WriteProperties(target[at..], delivery, now, alias);
        }

        message.Payload.CopyTo(target[at..]);
        return at + message.PayloadLength;
    }

    private static int Length(in QueuedDelivery delivery, ProtocolVersion version, bool withAlias)
    {
        var remaining = RemainingLength(delivery, version, delivery.Message.TopicLength, PropertiesLength(delivery, withAlias));
        return 1 + VariableByteInteger.Size((uint)remaining) + remaining;
    }

    private static int RemainingLength(in QueuedDelivery delivery, ProtocolVersion version, int topicLength, int properties) =>
        2 + topicLength
        + (delivery.QoS == QoS.AtMostOnce ? 0 : 2)
        + (version == ProtocolVersion.Mqtt5 ? VariableByteInteger.Size((uint)properties) + properties : 0)
        + delivery.Message.PayloadLength;

    private static int PropertiesLength(in QueuedDelivery delivery, bool alias)
    {
        var length = delivery.Message.PropertiesLength + (alias ? AliasLength : 0) + (delivery.Message.ExpiresAt != 0 ? ExpiryLength : 0);
        foreach (var identifier in delivery.SubscriptionIdentifiers)
        {
            length += 1 + VariableByteInteger.Size(identifier);
        }

        return length;
    }

    private static int WriteProperties(Span<byte> target, in QueuedDelivery delivery, long now, ushort alias)
    {
        var at = 0;
        if (delivery.Message.ExpiresAt != 0)
        {
            // what is left of the interval; a begun second counts as one, so that it is never 0 while the message lives [MQTT-3.3.2-6]
            var left = Math.Max(1, (delivery.Message.ExpiresAt - now + 999) / 1000);
            target[at] = (byte)PropertyId.MessageExpiryInterval;
            BinaryPrimitives.WriteUInt32BigEndian(target[(at + 1)..], (uint)Math.Min(left, uint.MaxValue));
            at += ExpiryLength;
        }

        if (alias != 0)
        {
            target[at] = (byte)PropertyId.TopicAlias;
            BinaryPrimitives.WriteUInt16BigEndian(target[(at + 1)..], alias);
            at += AliasLength;
        }

        delivery.Message.Properties.CopyTo(target[at..]);
        at += delivery.Message.PropertiesLength;
        foreach (var identifier in delivery.SubscriptionIdentifiers)
        {
            target[at++] = (byte)PropertyId.SubscriptionIdentifier;
            at += VariableByteInteger.Write(target[at..], identifier);
        }

        return at;
    }
}
