using System.Diagnostics;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>Sessions are away while messages are published to all of them; then the first comes back and takes what waits.</summary>
internal static class OfflineBacklog
{
    public static async Task<int> RunAsync(int port, int messages, int publishers, int sessions, int payload, int pid, string data)
    {
        for (int i = 0; i < sessions; i++)
        {
            using var session = new LoadClient();
            await session.ConnectDurablyAsync(port, $"away-{i}");
            await session.SendAsync(ClientPackets.Subscribe(1, "away/#", QoS.AtLeastOnce));
            await session.ReceiveAsync();
            await session.SendAsync(ClientPackets.Disconnect());
            await session.ReceiveAsync();
        }

        var (memory, disk) = (ResidentBytes(pid), DiskBytes(data));
        var clock = Stopwatch.StartNew();
        byte[] body = new byte[payload];
        await Task.WhenAll(Enumerable.Range(0, publishers).Select(writer => Task.Run(() => PipelinedPublisher.RunAsync(
            port, $"publisher-{writer}", messages / publishers,
            (number, id) => ClientPackets.Publish($"away/{number % 32}", body, QoS.AtLeastOnce, id, version: ProtocolVersion.Mqtt311)))));
        messages -= messages % publishers;
        double seconds = clock.Elapsed.TotalSeconds;
        long stored = DiskBytes(data) - disk;
        Console.WriteLine($"written: {messages / seconds:N0} msg/s to {sessions} sessions ({messages:N0} in {seconds:F1} s); "
            + $"RSS {memory >> 20} -> {ResidentBytes(pid) >> 20} MB; on disk {(double)stored / messages:F1} B a message, {(double)stored / messages / payload:F2} x its payload");
        await DrainAsync(port, messages);
        Console.WriteLine($"afterwards: RSS {ResidentBytes(pid) >> 20} MB");
        return 0;
    }

    private static async Task DrainAsync(int port, int messages)
    {
        long received = 0;
        var complete = new TaskCompletionSource();
        using var session = new LoadClient();
        var clock = Stopwatch.StartNew();
        await session.ConnectDurablyAsync(port, "away-0");
        _ = Task.Run(() => AcknowledgingReader.RunAsync(session, Count));
        await complete.Task.OrStuck("the drain");
        Console.WriteLine($"drained: {received:N0} of {messages:N0}, {received / clock.Elapsed.TotalSeconds:N0} msg/s");

        void Count(int count)
        {
            if ((received += count) >= messages)
            {
                complete.TrySetResult();
            }
        }
    }

    private static long ResidentBytes(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.WorkingSet64;
    }

    private static long DiskBytes(string directory) =>
        new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
