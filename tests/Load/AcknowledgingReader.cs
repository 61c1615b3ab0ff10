using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>Takes messages and acknowledges as they come, all of one read in one write.</summary>
internal static class AcknowledgingReader
{
    /// <summary>Until the connection ends.</summary>
    /// <param name="received">Told how many messages a read brought.</param>
    public static async Task RunAsync(LoadClient client, Action<int> received)
    {
        var acks = new List<byte>();
        while (await client.ReceiveAsync() is { IsEmpty: false } packet)
        {
            var count = 0;
            do
            {
                var type = (PacketType)(packet.Span[0] >> 4);
                count += type == PacketType.Publish ? 1 : 0;
                acks.AddRange(type switch
                {
                    PacketType.Publish when (packet.Span[0] & 0x06) == 0x02 => ClientPackets.Puback(PacketIdOf(packet.Span)),
                    PacketType.Publish when (packet.Span[0] & 0x06) == 0x04 => ClientPackets.Pubrec(PacketIdOf(packet.Span)),
                    PacketType.Pubrel => ClientPackets.Pubcomp((ushort)(packet.Span[2] << 8 | packet.Span[3])),
                    _ => [],
                });
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
        var at = 1;
        while ((publish[at++] & 0x80) != 0)
        {
        }

        at += 2 + (publish[at] << 8 | publish[at + 1]);
        return (ushort)(publish[at] << 8 | publish[at + 1]);
    }
}
