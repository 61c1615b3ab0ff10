using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>
/// Several clients at once that say anything in any order, break off, stall, come back and take each other's sessions. The server
/// answers with well-formed packets, serves others meanwhile, and holds nothing afterwards.
/// </summary>
internal static class NoiseRound
{
    private const int Clients = 6, Steps = 150;

    public static async Task RunAsync(int seed)
    {
        await using var gateway = await InMemoryGateway.StartAsync(options =>
        {
            options.Outbound.MaximumMessages = 50;
            options.Connections.ReceiveMaximum = 10;
            options.Connections.SessionExpiryMaximum = TimeSpan.FromSeconds(30);
        });
        var witness = await gateway.ConnectAsync("witness");
        await witness.SubscribeAsync("witness", QoS.AtLeastOnce);
        var fuzzing = Task.WhenAll(Enumerable.Range(0, Clients).Select(number => Task.Run(() => FuzzAsync(gateway, new Random(seed * 1000 + number)))));
        var before = Environment.TickCount64;
        for (var told = 0; !fuzzing.IsCompleted; told++)
        {
            await witness.PublishAsync("witness", $"{told}", QoS.AtLeastOnce);
            await witness.ExpectPublishAsync($"{told}");
            var now = Environment.TickCount64;
            gateway.Time.Advance(TimeSpan.FromMilliseconds(now - before)); // no faster: no client is late because this machine is slow
            before = now;
        }

        foreach (var reading in (await fuzzing).SelectMany(readings => readings))
        {
            await gateway.AdvanceUntilAsync(reading, "the end of a connection");
        }

        await Leftovers.AssertNoneAsync(gateway, witness);
    }

    private static async Task<List<Task>> FuzzAsync(InMemoryGateway gateway, Random random)
    {
        MemoryClient? client = null;
        var fuzzer = new PacketFuzzer(random);
        var readings = new List<Task>();
        for (var step = 0; step < Steps; step++)
        {
            if (client is null)
            {
                client = gateway.Open();
                client.Transport.MaximumRead = random.Next(4) == 0 ? random.Next(1, 8) : int.MaxValue;
                client.Send(fuzzer.Connect());
                client.Version = fuzzer.Version;
                readings.Add(ReadAsync(client, random.Next(3) > 0));
            }

            client.Send(fuzzer.Next());
            if (random.Next(8) == 0)
            {
                await Task.Yield();
            }

            if (client.Transport.IsClosedByServer || random.Next(30) == 0)
            {
                End(client);
                client = null;
            }
            else if (random.Next(30) == 0)
            {
                client.Transport.StopTaking();
            }
            else if (random.Next(10) == 0)
            {
                client.Transport.GoOnTaking();
            }
        }

        if (client is not null)
        {
            End(client);
        }

        return readings;
    }

    private static void End(MemoryClient client)
    {
        client.Transport.GoOnTaking();
        client.Drop();
    }

    /// <summary>Takes everything apart, and answers publications when asked to, until the server closes.</summary>
    private static async Task ReadAsync(MemoryClient client, bool answers)
    {
        while (await client.ReceiveAsync() is { } packet)
        {
            if (!answers)
            {
                continue;
            }

            switch (packet)
            {
                case { Type: PacketType.Publish, QoS: QoS.AtLeastOnce }:
                    client.Send(ClientPackets.Puback(packet.PacketId, client.Version));
                    break;
                case { Type: PacketType.Publish, QoS: QoS.ExactlyOnce }:
                    client.Send(ClientPackets.Pubrec(packet.PacketId, client.Version));
                    break;
                case { Type: PacketType.Pubrel }:
                    client.Send(ClientPackets.Pubcomp(packet.PacketId, client.Version));
                    break;
            }
        }
    }
}
