namespace GrainMQ.Gateway.Protocol;

/// <summary>The last packet of a connection, from either side (MQTT 5 §3.14).</summary>
public sealed class DisconnectPacket
{
    private const byte FirstByte = 0xE0;

    private static readonly PropertySet Allowed = PropertySet.Of(
        PropertyId.SessionExpiryInterval, PropertyId.ReasonString, PropertyId.UserProperty, PropertyId.ServerReference);

    public required ReasonCode ReasonCode { get; init; }

    /// <summary>Seconds; from the client only. [MQTT-3.14.2-2]</summary>
    public uint? SessionExpiryInterval { get; private set; }

    /// <summary>Another server to use; from the server only.</summary>
    public string? ServerReference { get; init; }

    /// <summary>What the server adds for people; the Reason String alone is kept of what a client adds.</summary>
    public Diagnostics Diagnostics { get; init; }

    /// <summary>Parses what follows the fixed header.</summary>
    /// <returns>Success, or the reason to close the connection with.</returns>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, ProtocolVersion version, out DisconnectPacket? packet)
    {
        packet = null;
        var reader = new PacketReader(body);
        if (!reader.TryReadByte(out var code))
        {
            packet = new DisconnectPacket { ReasonCode = ReasonCode.Success }; // §3.14.2.1: no Reason Code means normal.
            return ReasonCode.Success;
        }

        if (version != ProtocolVersion.Mqtt5)
        {
            return ReasonCode.MalformedPacket;
        }

        var block = ReadOnlySpan<byte>.Empty; // §3.14.2.2.1: no Property Length means none.
        if (!reader.IsEmpty && (!reader.TryReadProperties(out block) || !reader.IsEmpty))
        {
            return ReasonCode.MalformedPacket;
        }

        var error = ReadProperties(block, (ReasonCode)code, out var read);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        if (!MaySend(read.ReasonCode))
        {
            return ReasonCode.ProtocolError; // [MQTT-3.14.2-1]
        }

        packet = read;
        return ReasonCode.Success;
    }

    /// <summary>Encodes the server's packet in an array of exactly its size.</summary>
    /// <param name="maximumPacketSize">
    /// The client's limit; diagnostics that do not fit are left out. [MQTT-3.14.2-3], [MQTT-3.14.2-4]
    /// </param>
    /// <returns>Null where the packet is larger than the client accepts.</returns>
    /// <remarks>Only MQTT 5 knows a DISCONNECT from the server; before, the connection is just closed.</remarks>
    public byte[]? Encode(uint maximumPacketSize = uint.MaxValue)
    {
        var properties = new PropertyWriter();
        properties.Add(PropertyId.ServerReference, ServerReference);
        var frame = PacketFrame.Encode(FirstByte, [(byte)ReasonCode], properties, Diagnostics, [], maximumPacketSize);
        if (frame is { Length: > 4 })
        {
            return frame;
        }

        // §3.14.2: without properties their length may stay out, and with it a normal disconnection's reason.
        var brief = ReasonCode == ReasonCode.Success ? new byte[] { FirstByte, 0 } : [FirstByte, 1, (byte)ReasonCode];
        return brief.Length <= maximumPacketSize && ServerReference is null ? brief : null;
    }

    private static ReasonCode ReadProperties(ReadOnlySpan<byte> block, ReasonCode code, out DisconnectPacket packet)
    {
        uint? sessionExpiry = null;
        string? reasonString = null;
        var reader = new PropertyReader(block, Allowed);
        while (reader.TryRead())
        {
            switch (reader.Id)
            {
                case PropertyId.SessionExpiryInterval: sessionExpiry = reader.Number; break;
                case PropertyId.ReasonString: reasonString = reader.Text; break;
                case PropertyId.ServerReference: reader.Fail(ReasonCode.ProtocolError); break; // §3.14.2.2.5
            }
        }

        packet = new DisconnectPacket
        {
            ReasonCode = code,
            SessionExpiryInterval = sessionExpiry,
            Diagnostics = new Diagnostics(reasonString),
        };
        return reader.Error;
    }

    // Table 3-10, the codes that a client sends.
    private static bool MaySend(ReasonCode reason) => reason
        is ReasonCode.Success or ReasonCode.DisconnectWithWillMessage or ReasonCode.UnspecifiedError or ReasonCode.MalformedPacket
        or ReasonCode.ProtocolError or ReasonCode.ImplementationSpecificError or ReasonCode.TopicNameInvalid
        or ReasonCode.ReceiveMaximumExceeded or ReasonCode.TopicAliasInvalid or ReasonCode.PacketTooLarge
        or ReasonCode.MessageRateTooHigh or ReasonCode.QuotaExceeded or ReasonCode.AdministrativeAction
        or ReasonCode.PayloadFormatInvalid;
}
