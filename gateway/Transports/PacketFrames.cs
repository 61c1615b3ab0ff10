using System.Buffers.Binary;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Transports;

/// <summary>
/// Cuts packets into WebSocket frames, one binary message of one frame for each packet. MQTT allows any cut [MQTT-6.0.0-2], but there are clients
/// that read one packet of a frame and wait for more with the next one in their hands (Paho C).
/// </summary>
internal static class PacketFrames
{
    private const byte BinaryMessage = 0x82; // FIN and opcode 2; a server does not mask (RFC 6455 §5.1)
    private const int LargestSmall = 125;
    private const byte TwoByteLength = 126, EightByteLength = 127;

    /// <summary>Bytes of the frames.</summary>
    /// <param name="packets">Whole packets; a rest that is none becomes one frame.</param>
    public static int Measure(ReadOnlySpan<byte> packets)
    {
        var total = packets.Length;
        while (!packets.IsEmpty)
        {
            var length = LengthOfFirst(packets);
            total += length <= LargestSmall ? 2 : length <= ushort.MaxValue ? 4 : 10;
            packets = packets[length..];
        }

        return total;
    }

    public static void Write(ReadOnlySpan<byte> packets, Span<byte> frames)
    {
        while (!packets.IsEmpty)
        {
            var length = LengthOfFirst(packets);
            frames = frames[WriteHeader(frames, length)..];
            packets[..length].CopyTo(frames);
            packets = packets[length..];
            frames = frames[length..];
        }
    }

    private static int LengthOfFirst(ReadOnlySpan<byte> packets) =>
        VariableByteInteger.TryRead(packets[1..], out var body, out var lengthBytes) == ReadStatus.Ok
            ? (int)Math.Min(1 + lengthBytes + body, packets.Length)
            : packets.Length;

    private static int WriteHeader(Span<byte> frame, int length)
    {
        frame[0] = BinaryMessage; // [MQTT-6.0.0-1]
        switch (length)
        {
            case <= LargestSmall:
                frame[1] = (byte)length;
                return 2;
            case <= ushort.MaxValue:
                frame[1] = TwoByteLength;
                BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)length);
                return 4;
            default:
                frame[1] = EightByteLength;
                BinaryPrimitives.WriteUInt64BigEndian(frame[2..], (ulong)length);
                return 10;
        }
    }
}
