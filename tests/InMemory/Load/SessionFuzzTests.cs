using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Load;

/// <summary>
/// Several clients at once that say anything in any order, break off, stall, come back and take each other's sessions. The server
/// answers with well-formed packets, serves others meanwhile, and holds nothing afterwards.
/// </summary>
public sealed class SessionFuzzTests(ITestOutputHelper output)
{
    private const int Clients = 6, Steps = 150;

    /// <summary>A longer search: <c>GRAINMQ_TEST_FUZZ_SECONDS=600</c>.</summary>
    private static readonly TimeSpan Duration =
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("GRAINMQ_TEST_FUZZ_SECONDS"), out int seconds) ? seconds : 20);

    /// <summary>One seed of an earlier failure: <c>GRAINMQ_TEST_FUZZ_SEED=4711</c>.</summary>
    private static readonly int? OnlySeed = int.TryParse(Environment.GetEnvironmentVariable("GRAINMQ_TEST_FUZZ_SEED"), out int seed) ? seed : null;

    [Fact]
    public async Task NothingThatClientsSayBreaksTheServerOrStays()
    {
        long start = Environment.TickCount64;
        int seed = OnlySeed ?? Random.Shared.Next(1_000_000);
        int rounds = 0;
        do
        {
            try
            {
                await RunAsync(seed);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Failed with GRAINMQ_TEST_FUZZ_SEED={seed}", exception);
            }

            seed++;
            rounds++;
        }
        while (OnlySeed is null && Environment.TickCount64 - start < Duration.TotalMilliseconds);
        output.WriteLine($"{rounds} rounds, seeds up to {seed - 1}");
    }

    private static async Task RunAsync(int seed)
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
        long before = Environment.TickCount64;
        for (int told = 0; !fuzzing.IsCompleted; told++)
        {
            await witness.PublishAsync("witness", $"{told}", QoS.AtLeastOnce);
            await witness.ExpectPublishAsync($"{told}");
            long now = Environment.TickCount64;
            gateway.Time.Advance(TimeSpan.FromMilliseconds(now - before)); // no faster: nobody is late because this machine is slow
            before = now;
        }

        foreach (var reading in (await fuzzing).SelectMany(readings => readings))
        {
            await gateway.AdvanceUntilAsync(reading, "the end of a connection");
        }

        await HoldsNothingAsync(gateway, witness);
    }

    private static async Task HoldsNothingAsync(InMemoryGateway gateway, MemoryClient witness)
    {
        foreach (var connection in gateway.Connections.All.Where(connection => connection.Transport != witness.Transport))
        {
            await gateway.AdvanceUntilAsync(connection.Ended, "a connection to be handed back");
        }

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(200)); // beyond every interval and delay, and the age of an idle grain
        await witness.NothingMoreAsync();
        Assert.Equal(1, gateway.Connections.Count);
        Assert.Equal(1, gateway.Sessions.Count);
        Assert.Equal(1, gateway.Sessions.All.Sum(session => session.SubscriptionCount));
        Assert.DoesNotContain(gateway.Activations, grain => grain.StartsWith("SessionGrain/default/fuzz", StringComparison.Ordinal));
    }

    private static async Task<List<Task>> FuzzAsync(InMemoryGateway gateway, Random random)
    {
        MemoryClient? client = null;
        var fuzzer = new PacketFuzzer(random);
        var readings = new List<Task>();
        for (int step = 0; step < Steps; step++)
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
