namespace GrainMQ.Gateway.Protocol;

/// <summary>A request to end subscriptions (MQTT 5 §3.10).</summary>
public sealed class UnsubscribePacket
{
    private static readonly PropertySet Allowed = PropertySet.Of(PropertyId.UserProperty);

    private UnsubscribePacket(ushort packetId, string[] filters)
    {
        PacketId = packetId;
        Filters = filters;
    }

    public ushort PacketId { get; }

    /// <summary>At least one, in the order of the packet, which UNSUBACK keeps.</summary>
    public string[] Filters { get; }

    /// <summary>
    /// Parses what follows the fixed header. The grammar of the filters is not checked here: see <see cref="TopicFilter.IsValid"/>.
    /// </summary>
    /// <returns>Success, or the reason to close the connection with.</returns>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, ProtocolVersion version, out UnsubscribePacket? packet)
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

        if (version == ProtocolVersion.Mqtt5)
        {
            if (!reader.TryReadProperties(out var block))
            {
                return ReasonCode.MalformedPacket;
            }

            var propertyError = CheckProperties(block);
            if (propertyError != ReasonCode.Success)
            {
                return propertyError;
            }
        }

        var error = CheckFilters(reader, out var count);
        if (error == ReasonCode.Success)
        {
            packet = new UnsubscribePacket(packetId, ReadFilters(reader, count));
        }

        return error;
    }

    private static ReasonCode CheckProperties(ReadOnlySpan<byte> block)
    {
        var reader = new PropertyReader(block, Allowed);
        while (reader.TryRead())
        {
            // User Properties have no meaning to the server.
        }

        return reader.Error;
    }

    // The packet is checked whole before anything is allocated for it.
    private static ReasonCode CheckFilters(PacketReader reader, out int count)
    {
        for (count = 0; !reader.IsEmpty; count++)
        {
            // [MQTT-3.10.3-1], [MQTT-4.7.3-1]
            if (!reader.TryReadUtf8(out var filter) || filter.IsEmpty)
            {
                return ReasonCode.MalformedPacket;
            }
        }

        return count == 0 ? ReasonCode.ProtocolError : ReasonCode.Success; // [MQTT-3.10.3-2]
    }

    private static string[] ReadFilters(PacketReader reader, int count)
    {
        var filters = new string[count];
        for (var i = 0; i < count; i++)
        {
            reader.TryReadString(out filters[i]);
        }

        return filters;
    }
}
