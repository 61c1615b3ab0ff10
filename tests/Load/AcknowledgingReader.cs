using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>Acknowledges QoS 1 as it comes, all of one read in one write.</summary>
internal static class AcknowledgingReader
{
    /// <summary>Until the connection ends.</summary>
    public static async Task RunAsync(LoadClient client, Action<int> received)
    {
        var acks = new List<byte>();
        while (await client.ReceiveAsync() is { IsEmpty: false } packet)
        {
            int count = 0;
            do
            {
                if (packet.Span[0] >> 4 == 3)
                {
                    acks.AddRange(ClientPackets.Puback(PacketIdOf(packet.Span)));
                    count++;
                }
            }
            while (client.TryReceive(out packet));
            await client.SendAsync(acks.ToArray());
            acks.Clear();
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
