namespace GrainMQ.Gateway.Protocol;

/// <summary>The answer to a PUBREL (MQTT 5 §3.7): the exchange with QoS 2 is complete.</summary>
public readonly record struct PubcompPacket(ushort PacketId, ReasonCode ReasonCode)
{
    /// <summary>The most bytes that <see cref="Write"/> produces.</summary>
    public const int MaximumSize = AckBody.MaximumSize;

    /// <summary>Parses what follows the fixed header; the result is Success or the reason to close with.</summary>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, ProtocolVersion version, out PubcompPacket packet)
    {
        var error = AckBody.TryParse(body, version, out var packetId, out var reason);
        packet = new PubcompPacket(packetId, reason);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        return IsAllowed(reason) ? ReasonCode.Success : ReasonCode.ProtocolError; // [MQTT-3.7.2-1]
    }

    /// <summary>
    /// Writes the packet and returns its size: 4 bytes, or 5 where the version is 5 and the reason is not Success.
    /// </summary>
    public static int Write(
        Span<byte> destination, ProtocolVersion version, ushort packetId, ReasonCode reason = ReasonCode.Success) =>
        AckBody.Write(destination, 0x70, version, packetId, reason);

    private static bool IsAllowed(ReasonCode reason) => reason is ReasonCode.Success or ReasonCode.PacketIdentifierNotFound;
}
