using System.Diagnostics;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>A broker that holds much is killed and started again: how long until it answers, and what that takes.</summary>
internal static class RestartTime
{
    private const int Writers = 16;

    public static async Task<int> RunAsync(int sessions, int retained, int messages, string data)
    {
        using (var broker = await StartAsync(data))
        {
            var port = broker.EndPoint("tcp").Port;
            await WriteAsync($"{sessions:N0} sessions", writer => SubscribeAsync(port, writer, sessions));
            await WriteAsync($"{retained:N0} retained messages", writer => PipelinedPublisher.RunAsync(
                port, $"keeper-{writer}", retained / Writers,
                (number, id) => ClientPackets.Publish($"r/{writer}/{number / 100}/{number % 100}", new byte[64], QoS.AtLeastOnce, id, retain: true, version: ProtocolVersion.Mqtt311)));
            await WriteAsync($"{messages:N0} messages", writer => PipelinedPublisher.RunAsync(
                port, $"writer-{writer}", messages / Writers,
                (number, id) => ClientPackets.Publish($"s/{((number * Writers) + writer) % sessions}", new byte[256], QoS.AtLeastOnce, id, version: ProtocolVersion.Mqtt311)));
            Console.WriteLine($"before: RSS {broker.ResidentBytes >> 20} MB");
        } // killed

        for (var i = 0; i < 3; i++)
        {
            await ShowAsync(data);
        }

        return 0;
    }

    private static async Task ShowAsync(string data)
    {
        var clock = Stopwatch.StartNew();
        using var broker = await StartAsync(data);
        var listening = clock.Elapsed;
        using var session = new LoadClient();
        await session.ConnectAsync(broker.EndPoint("tcp").Port);
        await session.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, "session-0", cleanStart: false));
        var connack = await session.ReceiveAsync();
        var answered = clock.Elapsed;
        await session.ReceiveAsync();
        Console.WriteLine($"again: listens after {listening.TotalSeconds:F2} s, CONNACK with Session Present {connack.Span[2]} after {answered.TotalSeconds:F2} s, "
            + $"first message after {clock.Elapsed.TotalSeconds:F2} s; {broker.Processor.TotalSeconds:F1} s of processor, RSS {broker.ResidentBytes >> 20} MB");
    }

    private static Task<BrokerProcess> StartAsync(string data) => BrokerProcess.StartAsync(
        "--tcp", "127.0.0.1:0", "--ws", "none", "--data", data, "--log-level", "Warning", "--set", "Grains:QueuedBytesPerShard=100000000000");

    private static async Task WriteAsync(string what, Func<int, Task> write)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => write(writer))));
        Console.WriteLine($"{what} in {clock.Elapsed.TotalSeconds:F1} s");
    }

    private static async Task SubscribeAsync(int port, int writer, int sessions)
    {
        for (var i = writer; i < sessions; i += Writers)
        {
            using var session = new LoadClient();
            await session.ConnectAsync(port);
            await session.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, $"session-{i}", cleanStart: false));
            await session.ReceiveAsync();
            await session.SendAsync(ClientPackets.Subscribe(1, [($"s/{i}", 1)], ProtocolVersion.Mqtt311));
            await session.ReceiveAsync();
            await session.SendAsync(ClientPackets.Disconnect(ProtocolVersion.Mqtt311));
            await session.ReceiveAsync();
        }
    }
}
