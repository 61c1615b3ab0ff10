using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>Takes messages of QoS 0 and 1 and acknowledges as they come, all of one read in one write.</summary>
internal static class AcknowledgingReader
{
    /// <summary>Until the connection ends.</summary>
    /// <param name="received">Told how many messages a read brought.</param>
    public static async Task RunAsync(LoadClient client, Action<int> received)
    {
        var acks = new List<byte>();
        while (await client.ReceiveAsync() is { IsEmpty: false } packet)
        {
            int count = 0;
            do
            {
                bool isPublish = packet.Span[0] >> 4 == (int)PacketType.Publish;
                count += isPublish ? 1 : 0;
                if (isPublish && (packet.Span[0] & 0x06) != 0)
                {
                    acks.AddRange(ClientPackets.Puback(PacketIdOf(packet.Span)));
                }
            }
            while (client.TryReceive(out packet));
            if (acks.Count > 0)
            {
                await client.SendAsync(acks.ToArray());
                acks.Clear();
            }

            received(count);
        }
    }

    private static ushort PacketIdOf(ReadOnlySpan<byte> publish)
    {
        int at = 1;
        while ((publish[at++] & 0x80) != 0)
        {
        }

        at += 2 + (publish[at] << 8 | publish[at + 1]);
        return (ushort)(publish[at] << 8 | publish[at + 1]);
    }
}
