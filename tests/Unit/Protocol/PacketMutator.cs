using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>Breaks sequences of valid packets in the ways that faulty and hostile clients do.</summary>
internal static class PacketMutator
{
    // Values at which lengths and flags change their meaning.
    private static readonly byte[] Interesting = [0x00, 0x01, 0x02, 0x7F, 0x80, 0x81, 0xC0, 0xED, 0xF4, 0xFE, 0xFF];

    public static byte[] Mutate(IReadOnlyList<byte[]> samples, Random random)
    {
        var packets = new List<byte>();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var packet = new List<byte>(samples[random.Next(samples.Count)]);
            var broken = random.Next(4) != 0;
            for (var changes = broken ? random.Next(1, 4) : 0; changes > 0; changes--)
            {
                Change(packet, samples, random);
            }

            // Half of the packets get a Remaining Length that fits again, so that the damage reaches their parser.
            packets.AddRange(random.Next(2) == 0 ? packet : Reframe(packet));
        }

        return [.. packets];
    }

    private static void Change(List<byte> packet, IReadOnlyList<byte[]> samples, Random random)
    {
        if (packet.Count == 0)
        {
            return;
        }

        var at = random.Next(packet.Count);
        switch (random.Next(7))
        {
            case 0: packet[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: packet[at] = Interesting[random.Next(Interesting.Length)]; break;
            case 2: packet.Insert(at, (byte)random.Next(256)); break;
            case 3: packet.RemoveAt(at); break;
            case 4: packet.RemoveRange(at, packet.Count - at); break;
            case 5: packet.InsertRange(at, Piece(packet, random)); break;
            default: packet.InsertRange(at, Piece(samples[random.Next(samples.Count)], random)); break;
        }
    }

    private static byte[] Piece(IReadOnlyList<byte> source, Random random)
    {
        var start = random.Next(source.Count);
        return [.. source.Skip(start).Take(random.Next(1, 32))];
    }

    private static byte[] Reframe(List<byte> packet)
    {
        var body = 1;
        while (body < packet.Count && body < 4 && packet[body] >= 0x80)
        {
            body++;
        }

        return packet.Count == 0 ? [] : ClientPackets.Frame(packet[0], packet.Skip(body + 1).ToArray());
    }
}
