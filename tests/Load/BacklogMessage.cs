using System.Buffers.Binary;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>A message that says who published it as which one; a publisher's messages go to the topics by turns.</summary>
internal static class BacklogMessage
{
    public const int Topics = 32;
    public const int SmallestPayload = 8;

    /// <summary>The PUBLISH of MQTT 3.1.1 for a message.</summary>
    public static byte[] Publish(int publisher, int number, ushort packetId, int payload)
    {
        Span<byte> body = new byte[payload];
        BinaryPrimitives.WriteInt32LittleEndian(body, publisher);
        BinaryPrimitives.WriteInt32LittleEndian(body[4..], number);
        return ClientPackets.Publish($"away/{number % Topics}", body, QoS.AtLeastOnce, packetId, version: ProtocolVersion.Mqtt311);
    }

    /// <summary>The number that each publisher's message comes first with on each topic, by <see cref="Read"/>'s place.</summary>
    public static int[] FirstNumbers(int publishers) => [.. Enumerable.Range(0, publishers * Topics).Select(place => place % Topics)];

    /// <returns>A place for its publisher and topic, within which messages keep their order, and its number.</returns>
    public static (int Place, int Number) Read(ReadOnlySpan<byte> payload)
    {
        var number = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        return ((BinaryPrimitives.ReadInt32LittleEndian(payload) * Topics) + (number % Topics), number);
    }
}
