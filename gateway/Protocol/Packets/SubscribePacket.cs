namespace GrainMQ.Gateway.Protocol;

/// <summary>A request for subscriptions (MQTT 5 §3.8).</summary>
public sealed class SubscribePacket
{
    private const byte QoSBits = 0b11;
    private const byte ReservedBits = 0b1100_0000;
    private const byte ReservedBitsBefore5 = 0b1111_1100;

    private static readonly PropertySet Allowed = PropertySet.Of(PropertyId.SubscriptionIdentifier, PropertyId.UserProperty);

    private SubscribePacket(ushort packetId, uint subscriptionIdentifier, SubscribeEntry[] entries)
    {
        PacketId = packetId;
        SubscriptionIdentifier = subscriptionIdentifier;
        Entries = entries;
    }

    public ushort PacketId { get; }

    /// <summary>1 to 268,435,455; 0 where the packet carries none.</summary>
    public uint SubscriptionIdentifier { get; }

    /// <summary>At least one, in the order of the packet, which SUBACK keeps.</summary>
    public SubscribeEntry[] Entries { get; }

    /// <summary>
    /// Parses what follows the fixed header. A filter of well-formed UTF-8 that breaks the grammar of filters is not looked for
    /// here: see <see cref="SubscribeEntry.HasValidFilter"/>.
    /// </summary>
    /// <returns>Success, or the reason to close the connection with.</returns>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, ProtocolVersion version, out SubscribePacket? packet)
    {
        packet = null;
        var reader = new PacketReader(body);
        if (!reader.TryReadUInt16(out var packetId))
        {
            return ReasonCode.MalformedPacket;
        }

        if (packetId == 0)
        {
            return ReasonCode.ProtocolError; // [MQTT-2.2.1-3] (3.1.1: [MQTT-2.3.1-1])
        }

        var subscriptionIdentifier = 0u;
        if (version == ProtocolVersion.Mqtt5)
        {
            if (!reader.TryReadProperties(out var block))
            {
                return ReasonCode.MalformedPacket;
            }

            var propertyError = ReadProperties(block, out subscriptionIdentifier);
            if (propertyError != ReasonCode.Success)
            {
                return propertyError;
            }
        }

        var error = CheckEntries(reader, version, out var count);
        if (error == ReasonCode.Success)
        {
            packet = new SubscribePacket(packetId, subscriptionIdentifier, ReadEntries(reader, count));
        }

        return error;
    }

    private static ReasonCode ReadProperties(ReadOnlySpan<byte> block, out uint subscriptionIdentifier)
    {
        subscriptionIdentifier = 0;
        var reader = new PropertyReader(block, Allowed);
        while (reader.TryRead())
        {
            if (reader.Id == PropertyId.SubscriptionIdentifier)
            {
                subscriptionIdentifier = reader.Number;
            }
        }

        return reader.Error;
    }

    // The packet is checked whole before anything is allocated for it.
    private static ReasonCode CheckEntries(PacketReader reader, ProtocolVersion version, out int count)
    {
        for (count = 0; !reader.IsEmpty; count++)
        {
            // [MQTT-3.8.3-1], [MQTT-4.7.3-1]
            if (!reader.TryReadUtf8(out var filter) || filter.IsEmpty)
            {
                return ReasonCode.MalformedPacket;
            }

            if (!reader.TryReadByte(out var options))
            {
                return ReasonCode.MalformedPacket;
            }

            var error = CheckOptions(options, filter.StartsWith("$share/"u8), version);
            if (error != ReasonCode.Success)
            {
                return error;
            }
        }

        return count == 0 ? ReasonCode.ProtocolError : ReasonCode.Success; // [MQTT-3.8.3-2] (3.1.1: [MQTT-3.8.3-3])
    }

    private static ReasonCode CheckOptions(byte options, bool shared, ProtocolVersion version)
    {
        // [MQTT-3.8.3-5] (3.1.1: [MQTT-3-8.3-4])
        var reserved = version == ProtocolVersion.Mqtt5 ? ReservedBits : ReservedBitsBefore5;
        if ((options & reserved) != 0)
        {
            return ReasonCode.MalformedPacket;
        }

        var entry = new SubscribeEntry("", options);
        if ((options & QoSBits) == QoSBits)
        {
            return ReasonCode.ProtocolError; // §3.8.3.1
        }

        if (entry.RetainHandling > RetainHandling.DoNotSend)
        {
            return ReasonCode.ProtocolError; // §3.8.3.1
        }

        return shared && entry.NoLocal ? ReasonCode.ProtocolError : ReasonCode.Success; // [MQTT-3.8.3-4]
    }

    private static SubscribeEntry[] ReadEntries(PacketReader reader, int count)
    {
        var entries = new SubscribeEntry[count];
        for (var i = 0; i < count; i++)
        {
            reader.TryReadString(out var filter);
            reader.TryReadByte(out var options);
            entries[i] = new SubscribeEntry(filter, options);
        }

        return entries;
    }
}
