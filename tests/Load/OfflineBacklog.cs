using System.Diagnostics;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>Sessions are away while messages are published to all of them; then one after the other comes back and takes what waits.</summary>
internal static class OfflineBacklog
{
    public static async Task<int> RunAsync(
        int port, int messages, int publishers, int sessions, int drains, ushort receiveMaximum, int payload, int pid, string? data)
    {
        for (var i = 0; i < sessions; i++)
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
        var each = messages / publishers;
        await Task.WhenAll(Enumerable.Range(0, publishers).Select(writer => Task.Run(() => PipelinedPublisher.RunAsync(
            port, $"publisher-{writer}", each, (number, id) => BacklogMessage.Publish(writer, number, id, payload)))));
        messages = each * publishers;
        var seconds = clock.Elapsed.TotalSeconds;
        var stored = DiskBytes(data) - disk;
        Console.WriteLine($"written: {messages / seconds:N0} msg/s to {sessions} sessions ({messages:N0} in {seconds:F1} s); "
            + $"RSS {memory >> 20} -> {ResidentBytes(pid) >> 20} MB; on disk {(double)stored / messages:F1} B a message, {(double)stored / messages / payload:F2} x its payload");
        for (var i = 0; i < Math.Min(drains, sessions); i++)
        {
            Drain(port, $"away-{i}", receiveMaximum, messages, publishers, pid);
        }

        Console.WriteLine($"afterwards: RSS {ResidentBytes(pid) >> 20} MB");
        return 0;
    }

    private static void Drain(int port, string clientId, ushort receiveMaximum, int messages, int publishers, int pid)
    {
        var reader = new DrainReader(publishers);
        var (broker, own) = (Processor(pid), Processor(Environment.ProcessId));
        var elapsed = reader.Run(port, clientId, receiveMaximum, messages);
        (broker, own) = (Processor(pid) - broker, Processor(Environment.ProcessId) - own);
        Console.WriteLine($"drained: {reader.Received / elapsed.TotalSeconds:N0} msg/s ({reader.Received:N0} of {messages:N0} in {elapsed.TotalSeconds:F2} s), "
            + $"{reader.Misplaced} out of order or repeated; CPU a message: broker {broker.TotalMicroseconds / reader.Received:F2} us, "
            + $"reader {own.TotalMicroseconds / reader.Received:F2} us; {reader.Received / reader.Reads:N0} messages a read");
    }

    private static TimeSpan Processor(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.TotalProcessorTime;
    }

    private static long ResidentBytes(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.WorkingSet64;
    }

    private static long DiskBytes(string? directory) => directory is null
        ? 0
        : new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
