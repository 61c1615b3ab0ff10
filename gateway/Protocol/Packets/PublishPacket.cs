namespace GrainMQ.Gateway.Protocol;

/// <summary>A PUBLISH from a client (MQTT 5 §3.3): a view of the received bytes that allocates nothing.</summary>
public ref struct PublishPacket
{
    private static readonly PropertySet Allowed = PropertySet.Of(
        PropertyId.PayloadFormatIndicator, PropertyId.MessageExpiryInterval, PropertyId.ContentType, PropertyId.ResponseTopic,
        PropertyId.CorrelationData, PropertyId.SubscriptionIdentifier, PropertyId.TopicAlias, PropertyId.UserProperty);

    private ExcludedProperties _excluded;

    public bool Dup { get; private set; }

    public QoS QoS { get; private set; }

    public bool Retain { get; private set; }

    /// <summary>The Topic Name as UTF-8; empty where the <see cref="TopicAlias"/> stands for it.</summary>
    public ReadOnlySpan<byte> Topic { get; private set; }

    /// <summary>Not 0 for QoS 1 and 2, 0 for QoS 0.</summary>
    public ushort PacketId { get; private set; }

    public ReadOnlySpan<byte> Payload { get; private set; }

    /// <summary>0 where the packet carries none.</summary>
    public ushort TopicAlias { get; private set; }

    public readonly bool HasTopicAlias => TopicAlias != 0;

    /// <summary>Seconds; null where the message does not expire.</summary>
    public uint? MessageExpiryInterval { get; private set; }

    public readonly bool HasMessageExpiry => MessageExpiryInterval.HasValue;

    /// <summary>0: unspecified bytes, 1: UTF-8 text.</summary>
    public byte PayloadFormat { get; private set; }

    /// <summary>The property block without its length; empty before MQTT 5.</summary>
    public ReadOnlySpan<byte> Properties { get; private set; }

    /// <summary>The bytes that <see cref="CopyForwardedProperties"/> writes.</summary>
    public readonly int ForwardedPropertiesLength => Properties.Length - _excluded.Length;

    /// <summary>Parses what follows the fixed header.</summary>
    /// <param name="body">All bytes of the Remaining Length.</param>
    /// <param name="flags">The flags of the fixed header.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="packet">The packet when the result is Success.</param>
    /// <returns>Success, or the reason to close the connection with.</returns>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, byte flags, ProtocolVersion version, out PublishPacket packet)
    {
        packet = new PublishPacket { Dup = (flags & 0b1000) != 0, QoS = (QoS)(flags >> 1 & 0b11), Retain = (flags & 1) != 0 };
        if (packet.QoS > QoS.ExactlyOnce)
        {
            return ReasonCode.MalformedPacket; // [MQTT-3.3.1-4]
        }

        if (packet.Dup && packet.QoS == QoS.AtMostOnce)
        {
            return ReasonCode.MalformedPacket; // [MQTT-3.3.1-2]
        }

        return packet.Read(body, version);
    }

    /// <summary>Copies, in their order, the properties that subscribers must get unaltered; returns the bytes written.</summary>
    public readonly int CopyForwardedProperties(Span<byte> destination) => _excluded.CopyOthers(Properties, destination);

    private ReasonCode Read(ReadOnlySpan<byte> body, ProtocolVersion version)
    {
        var reader = new PacketReader(body);
        if (!reader.TryReadBinary(out var topic))
        {
            return ReasonCode.MalformedPacket;
        }

        var error = TopicName.Check(topic);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        Topic = topic;

        if (QoS != QoS.AtMostOnce)
        {
            if (!reader.TryReadUInt16(out var packetId))
            {
                return ReasonCode.MalformedPacket;
            }

            if (packetId == 0)
            {
                return ReasonCode.ProtocolError; // [MQTT-2.2.1-3] (3.1.1: [MQTT-2.3.1-1])
            }

            PacketId = packetId;
        }

        if (version == ProtocolVersion.Mqtt5)
        {
            if (!reader.TryReadProperties(out var properties))
            {
                return ReasonCode.MalformedPacket;
            }

            if (!properties.IsEmpty)
            {
                error = ReadProperties(properties);
            }

            if (error != ReasonCode.Success)
            {
                return error;
            }
        }

        Payload = reader.Rest;

        // §3.3.2.1: without an alias an empty name is a Protocol Error. 3.1.1 [MQTT-4.7.3-1]
        return topic.IsEmpty && !HasTopicAlias ? ReasonCode.ProtocolError : ReasonCode.Success;
    }

    private ReasonCode ReadProperties(ReadOnlySpan<byte> block)
    {
        Properties = block;
        var reader = new PropertyReader(block, Allowed);
        while (reader.TryRead())
        {
            switch (reader.Id)
            {
                case PropertyId.TopicAlias:
                    TopicAlias = (ushort)reader.Number;
                    _excluded.Add(reader.Start, reader.End);
                    break;
                case PropertyId.MessageExpiryInterval:
                    MessageExpiryInterval = reader.Number;
                    _excluded.Add(reader.Start, reader.End);
                    break;
                case PropertyId.PayloadFormatIndicator: PayloadFormat = (byte)reader.Number; break;
                case PropertyId.SubscriptionIdentifier: reader.Fail(ReasonCode.ProtocolError); break; // [MQTT-3.3.4-6]
            }
        }

        return reader.Error;
    }
}
