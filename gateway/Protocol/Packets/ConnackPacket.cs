namespace GrainMQ.Gateway.Protocol;

/// <summary>The answer to CONNECT (MQTT 5 §3.2). Null properties are not sent and keep the meaning the specification gives them.</summary>
public sealed class ConnackPacket
{
    private const byte FirstByte = 0x20;

    /// <summary>0 unless the reason is Success. [MQTT-3.2.2-6]</summary>
    public bool SessionPresent { get; init; }

    public required ReasonCode ReasonCode { get; init; }

    /// <summary>Seconds, where the server uses another value than the client asked for.</summary>
    public uint? SessionExpiryInterval { get; init; }

    /// <summary>Null: 65,535.</summary>
    public ushort? ReceiveMaximum { get; init; }

    /// <summary>Null: QoS 2. Not to be set to it.</summary>
    public QoS? MaximumQoS { get; init; }

    /// <summary>Null: available.</summary>
    public bool? RetainAvailable { get; init; }

    /// <summary>Bytes; null: no limit but the protocol's.</summary>
    public uint? MaximumPacketSize { get; init; }

    /// <summary>Where the client sent none. [MQTT-3.2.2-16]</summary>
    public string? AssignedClientIdentifier { get; init; }

    /// <summary>Null: 0, the client must not use aliases.</summary>
    public ushort? TopicAliasMaximum { get; init; }

    /// <summary>Null: available.</summary>
    public bool? WildcardSubscriptionAvailable { get; init; }

    /// <summary>Null: available.</summary>
    public bool? SubscriptionIdentifierAvailable { get; init; }

    /// <summary>Null: available.</summary>
    public bool? SharedSubscriptionAvailable { get; init; }

    /// <summary>Seconds, where the client must use another value than its own. [MQTT-3.2.2-21]</summary>
    public ushort? ServerKeepAlive { get; init; }

    public string? ResponseInformation { get; init; }

    public string? ServerReference { get; init; }

    public string? AuthenticationMethod { get; init; }

    public byte[]? AuthenticationData { get; init; }

    public Diagnostics Diagnostics { get; init; }

    /// <summary>Encodes the packet in an array of exactly its size.</summary>
    /// <param name="version">MQTT 3.1 and 3.1.1 get the return code that stands for the reason.</param>
    /// <param name="maximumPacketSize">
    /// The client's limit; diagnostics that do not fit are left out. [MQTT-3.2.2-19], [MQTT-3.2.2-20]
    /// </param>
    /// <returns>
    /// Null where nothing can be sent before the connection is closed: no return code of MQTT 3.1.1 stands for the reason, or
    /// the packet is larger than the client accepts.
    /// </returns>
    public byte[]? Encode(ProtocolVersion version, uint maximumPacketSize = uint.MaxValue)
    {
        var sessionPresent = SessionPresent && ReasonCode == ReasonCode.Success; // [MQTT-3.2.2-6] (3.1.1: [MQTT-3.2.2-4])
        if (version == ProtocolVersion.Mqtt5)
        {
            return PacketFrame.Encode(
                FirstByte, [sessionPresent ? (byte)1 : (byte)0, (byte)ReasonCode], Properties(), Diagnostics, [], maximumPacketSize);
        }

        if (!ReasonCode.TryToConnectReturnCode(out var returnCode))
        {
            return null; // 3.1.1 [MQTT-3.2.2-6]
        }

        // 3.1 has no Session Present: its byte is reserved.
        var acknowledgeFlags = sessionPresent && version == ProtocolVersion.Mqtt311 ? (byte)1 : (byte)0;
        return [FirstByte, 2, acknowledgeFlags, returnCode];
    }

    private PropertyWriter Properties()
    {
        var writer = new PropertyWriter();
        writer.Add(PropertyId.SessionExpiryInterval, SessionExpiryInterval);
        writer.Add(PropertyId.ReceiveMaximum, ReceiveMaximum);
        writer.Add(PropertyId.MaximumQoS, (byte?)MaximumQoS);
        writer.Add(PropertyId.RetainAvailable, RetainAvailable);
        writer.Add(PropertyId.MaximumPacketSize, MaximumPacketSize);
        writer.Add(PropertyId.AssignedClientIdentifier, AssignedClientIdentifier);
        writer.Add(PropertyId.TopicAliasMaximum, TopicAliasMaximum);
        writer.Add(PropertyId.WildcardSubscriptionAvailable, WildcardSubscriptionAvailable);
        writer.Add(PropertyId.SubscriptionIdentifierAvailable, SubscriptionIdentifierAvailable);
        writer.Add(PropertyId.SharedSubscriptionAvailable, SharedSubscriptionAvailable);
        writer.Add(PropertyId.ServerKeepAlive, ServerKeepAlive);
        writer.Add(PropertyId.ResponseInformation, ResponseInformation);
        writer.Add(PropertyId.ServerReference, ServerReference);
        writer.Add(PropertyId.AuthenticationMethod, AuthenticationMethod);
        writer.Add(PropertyId.AuthenticationData, AuthenticationData);
        return writer;
    }
}
