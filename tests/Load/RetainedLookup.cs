using System.Diagnostics;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>
/// What subscribing costs where much is retained on topics <c>r/a/b/c</c>: lookups with few and many matches, and all of it for one
/// client while another one wants its own messages at once.
/// </summary>
internal static class RetainedLookup
{
    private const int Lookups = 200;

    public static async Task<int> RunAsync(int messages, string data)
    {
        using var broker = await BrokerProcess.StartAsync("--tcp", "127.0.0.1:0", "--ws", "none", "--data", data, "--log-level", "Warning");
        var port = broker.EndPoint("tcp").Port;
        await PipelinedPublisher.RunAsync(port, "keeper", messages, static (number, id) => ClientPackets.Publish(
            $"r/{number / 10_000}/{number / 100 % 100}/{number % 100}", new byte[64], QoS.AtLeastOnce, id, retain: true, version: ProtocolVersion.Mqtt311));
        Console.WriteLine($"{messages:N0} retained: RSS {broker.ResidentBytes >> 20} MB");
        foreach (var filter in (string[])["r/0/50/50", "none/+", "+/0/50/50", "r/+/50/50", "r/0/+/50", "r/0/50/+", "r/+/+/none", "+/+/+/+/+"])
        {
            await LookUpAsync(broker, port, filter);
        }

        using var probe = new LatencyProbe(port);
        for (var i = 0; i < 3; i++)
        {
            await ReportAsync("calm", probe, () => probe.MeasuredAsync(1000));
            await ReportAsync("#", probe, () => TakeAllAsync(port, messages));
        }

        return 0;
    }

    private static async Task LookUpAsync(BrokerProcess broker, int port, string filter)
    {
        using var client = await ConnectAsync(port);
        var times = new List<double>();
        var matches = 0;
        var processor = broker.Processor;
        for (var i = 0; i < Lookups; i++)
        {
            var clock = Stopwatch.StartNew();
            matches = await SubscribeAsync(client, filter);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        Console.WriteLine($"{filter,-10} {matches,6:N0} matches: {new Latencies(times)}, "
            + $"{(broker.Processor - processor).TotalMilliseconds / Lookups:F2} ms of processor each");
    }

    /// <summary>Retained messages come before the answer to the PINGREQ behind the SUBSCRIBE, or after it: the count is of those before the second one.</summary>
    private static async Task<int> SubscribeAsync(LoadClient client, string filter)
    {
        await client.SendAsync(ClientPackets.Subscribe(1, filter, version: ProtocolVersion.Mqtt311));
        var count = 0;
        for (var isOver = false; !isOver;)
        {
            await client.SendAsync(ClientPackets.Pingreq());
            var before = count;
            while (await client.ReceiveAsync() is var packet && (PacketType)(packet.Span[0] >> 4) != PacketType.Pingresp)
            {
                count += (PacketType)(packet.Span[0] >> 4) == PacketType.Publish ? 1 : 0;
            }

            isOver = count == before;
        }

        return count;
    }

    private static async Task TakeAllAsync(int port, int messages)
    {
        using var client = await ConnectAsync(port);
        await client.SendAsync(ClientPackets.Subscribe(1, "r/#", version: ProtocolVersion.Mqtt311));
        for (var left = messages; left > 0;)
        {
            left -= (PacketType)((await client.ReceiveAsync()).Span[0] >> 4) == PacketType.Publish ? 1 : 0;
        }
    }

    private static async Task ReportAsync(string phase, LatencyProbe probe, Func<Task> work)
    {
        probe.Reset();
        var clock = Stopwatch.StartNew();
        await work().OrStuck(phase);
        Console.WriteLine($"{phase,-10} {clock.Elapsed.TotalSeconds,5:F1} s, round trips of another client {probe.Summary()}");
    }

    private static async Task<LoadClient> ConnectAsync(int port)
    {
        var client = new LoadClient();
        await client.ConnectAsync(port);
        await client.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, ""));
        await client.ReceiveAsync();
        return client;
    }
}
