using System.Buffers.Binary;

namespace GrainMQ.Gateway.Protocol;

/// <summary>The answer to a PUBLISH with QoS 1 (MQTT 5 §3.4).</summary>
public readonly record struct PubackPacket(ushort PacketId, ReasonCode ReasonCode)
{
    /// <summary>The most bytes that <see cref="Write"/> produces.</summary>
    public const int MaximumSize = AckBody.MaximumSize;

    /// <summary>Bytes of a packet without a Reason Code.</summary>
    public const int ShortSize = 4;

    /// <summary>Parses what follows the fixed header; the result is Success or the reason to close with.</summary>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, ProtocolVersion version, out PubackPacket packet)
    {
        var error = AckBody.TryParse(body, version, out var packetId, out var reason);
        packet = new PubackPacket(packetId, reason);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        return IsAllowed(reason) ? ReasonCode.Success : ReasonCode.ProtocolError; // [MQTT-3.4.2-1]
    }

    /// <summary>
    /// How many bytes the PUBACKs take that stand at the front one after the other, each in the form that clients send: 4 bytes, without a Reason Code.
    /// Every other one is for <see cref="TryParse"/>.
    /// </summary>
    public static int RunLength(ReadOnlySpan<byte> input)
    {
        var length = 0;
        while (input.Length - length >= ShortSize && input[length] == 0x40 && input[length + 1] == 2 && PacketIdOf(input[length..]) != 0)
        {
            length += ShortSize;
        }

        return length;
    }

    /// <summary>The Packet Identifier of the first one of a run.</summary>
    public static ushort PacketIdOf(ReadOnlySpan<byte> run) => BinaryPrimitives.ReadUInt16BigEndian(run[2..]);

    /// <summary>
    /// Writes the packet and returns its size: 4 bytes, or 5 where the version is 5 and the reason is not Success.
    /// </summary>
    public static int Write(
        Span<byte> destination, ProtocolVersion version, ushort packetId, ReasonCode reason = ReasonCode.Success) =>
        AckBody.Write(destination, 0x40, version, packetId, reason);

    private static bool IsAllowed(ReasonCode reason) => reason
        is ReasonCode.Success or ReasonCode.NoMatchingSubscribers or ReasonCode.UnspecifiedError
        or ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized or ReasonCode.TopicNameInvalid
        or ReasonCode.PacketIdentifierInUse or ReasonCode.QuotaExceeded or ReasonCode.PayloadFormatInvalid;
}
