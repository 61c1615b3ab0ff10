namespace GrainMQ.Gateway.Protocol;

/// <summary>The Will Message of a CONNECT (MQTT 5 §3.1.2.5): what the server publishes when the connection ends abnormally.</summary>
public sealed class WillPacket
{
    private static readonly PropertySet Allowed = PropertySet.Of(
        PropertyId.WillDelayInterval, PropertyId.PayloadFormatIndicator, PropertyId.MessageExpiryInterval, PropertyId.ContentType,
        PropertyId.ResponseTopic, PropertyId.CorrelationData, PropertyId.UserProperty);

    public required QoS QoS { get; init; }

    public required bool Retain { get; init; }

    public string Topic { get; private set; } = "";

    public byte[] Payload { get; private set; } = [];

    /// <summary>Seconds between the end of the connection and the publication; 0 for none (§3.1.3.2.2).</summary>
    public uint DelayInterval { get; private set; }

    /// <summary>Seconds that the message lives after its publication; null for ever (§3.1.3.2.4).</summary>
    public uint? MessageExpiryInterval { get; private set; }

    /// <summary>0: unspecified bytes, 1: UTF-8 text.</summary>
    public byte PayloadFormat { get; private set; }

    /// <summary>The properties that subscribers get unaltered, as they stand in a PUBLISH; without a length.</summary>
    public byte[] ForwardedProperties { get; private set; } = [];

    /// <summary>Reads the will's part of the CONNECT payload.</summary>
    internal ReasonCode Read(ref PacketReader reader, ProtocolVersion version)
    {
        if (version == ProtocolVersion.Mqtt5)
        {
            if (!reader.TryReadProperties(out var block))
            {
                return ReasonCode.MalformedPacket;
            }

            var error = ReadProperties(block);
            if (error != ReasonCode.Success)
            {
                return error;
            }
        }

        // [MQTT-3.1.3-11] (3.1.1: [MQTT-3.1.3-10])
        if (!reader.TryReadUtf8(out var topic) || !reader.TryReadBinary(out var payload))
        {
            return ReasonCode.MalformedPacket;
        }

        if (!TopicName.IsValid(topic))
        {
            return ReasonCode.MalformedPacket; // [MQTT-3.3.2-2], [MQTT-4.7.3-1]
        }

        Topic = Utf8Rules.Decode(topic);
        Payload = payload.ToArray();
        return ReasonCode.Success;
    }

    private ReasonCode ReadProperties(ReadOnlySpan<byte> block)
    {
        var excluded = default(ExcludedProperties);
        var reader = new PropertyReader(block, Allowed);
        while (reader.TryRead())
        {
            switch (reader.Id)
            {
                case PropertyId.WillDelayInterval:
                    DelayInterval = reader.Number;
                    excluded.Add(reader.Start, reader.End);
                    break;
                case PropertyId.MessageExpiryInterval:
                    MessageExpiryInterval = reader.Number;
                    excluded.Add(reader.Start, reader.End);
                    break;
                case PropertyId.PayloadFormatIndicator: PayloadFormat = (byte)reader.Number; break;
            }
        }

        if (reader.Error != ReasonCode.Success)
        {
            return reader.Error;
        }

        ForwardedProperties = new byte[block.Length - excluded.Length];
        excluded.CopyOthers(block, ForwardedProperties);
        return ReasonCode.Success;
    }
}
