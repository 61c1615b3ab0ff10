namespace GrainMQ.Gateway.Protocol;

/// <summary>The first answer to a PUBLISH with QoS 2 (MQTT 5 §3.5).</summary>
public readonly record struct PubrecPacket(ushort PacketId, ReasonCode ReasonCode)
{
    /// <summary>The most bytes that <see cref="Write"/> produces.</summary>
    public const int MaximumSize = AckBody.MaximumSize;

    /// <summary>Parses what follows the fixed header; the result is Success or the reason to close with.</summary>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, ProtocolVersion version, out PubrecPacket packet)
    {
        var error = AckBody.TryParse(body, version, out var packetId, out var reason);
        packet = new PubrecPacket(packetId, reason);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        return IsAllowed(reason) ? ReasonCode.Success : ReasonCode.ProtocolError; // [MQTT-3.5.2-1]
    }

    /// <summary>
    /// Writes the packet and returns its size: 4 bytes, or 5 where the version is 5 and the reason is not Success.
    /// </summary>
    public static int Write(
        Span<byte> destination, ProtocolVersion version, ushort packetId, ReasonCode reason = ReasonCode.Success) =>
        AckBody.Write(destination, 0x50, version, packetId, reason);

    private static bool IsAllowed(ReasonCode reason) => reason
        is ReasonCode.Success or ReasonCode.NoMatchingSubscribers or ReasonCode.UnspecifiedError
        or ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized or ReasonCode.TopicNameInvalid
        or ReasonCode.PacketIdentifierInUse or ReasonCode.QuotaExceeded or ReasonCode.PayloadFormatInvalid;
}
