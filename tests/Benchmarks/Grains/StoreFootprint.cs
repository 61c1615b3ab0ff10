using System.Diagnostics;
using GrainMQ.Grains.Contracts;
using GrainMQ.Silo;
using GrainMQ.Silo.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GrainMQ.Tests.Benchmarks.Grains;

/// <summary>
/// One store shard: how fast batches of 64 messages of 256 bytes are queued and committed, what a message that waits costs in memory and
/// on the disk, how fast a backlog is read, and how long a restart takes. In memory, and in files below a directory.
/// </summary>
public static class StoreFootprint
{
    private const int PerBatch = 64;
    private const int Producers = 8;

    public static async Task PrintAsync(int sessions, int messages, string directory)
    {
        Console.WriteLine("memory:");
        await MeasureAsync(sessions, messages, null);
        Console.WriteLine($"files below {directory}:");
        await MeasureAsync(sessions, messages, directory);
        Directory.Delete(directory, recursive: true);
    }

    private static async Task MeasureAsync(int sessions, int messages, string? directory)
    {
        await using (var shard = await Shard.StartAsync(directory))
        {
            await PrintPresetsAsync(shard, sessions);
            await PrintQueueAsync(shard, sessions, messages);
            if (directory is not null)
            {
                Console.WriteLine($"  {Bytes(directory) / (double)messages:0} B on disk per message, sessions included");
            }
        }
        if (directory is null)
        {
            return;
        }

        using var process = Process.GetCurrentProcess();
        var (processor, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
        await using var again = await Shard.StartAsync(directory);
        var info = await again.Store.GetInfoAsync(Key(0));
        process.Refresh();
        Console.WriteLine($"  restart took {(process.TotalProcessorTime - processor).TotalMilliseconds:0} ms of processor");
        Console.WriteLine($"  restart with {sessions:N0} sessions and {messages:N0} messages: {clock.Elapsed.TotalMilliseconds:0} ms to the first answer ({info.Queued} wait for the first session)");
        await PrintReadAsync(again);
    }

    private static async Task PrintPresetsAsync(Shard shard, int sessions)
    {
        var clock = Stopwatch.StartNew();
        var request = new PresetRequest([new SubscriptionRecord("fleet/+/commands", 1, 0)], 0);
        foreach (var chunk in Enumerable.Range(0, sessions).Chunk(2_000))
        {
            await Task.WhenAll(chunk.Select(number => shard.Store.PresetAsync(Key(number), request)));
        }

        Console.WriteLine($"  {sessions:N0} sessions made: {sessions / clock.Elapsed.TotalSeconds:N0}/s");
    }

    private static async Task PrintQueueAsync(Shard shard, int sessions, int messages)
    {
        using var process = Process.GetCurrentProcess();
        var (before, processor, clock) = (GC.GetTotalMemory(forceFullCollection: true), process.TotalProcessorTime, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Producers).Select(producer => Task.Run(() => ProduceAsync(shard, producer, sessions, messages / Producers))));
        var time = clock.Elapsed;
        process.Refresh();
        processor = process.TotalProcessorTime - processor;
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        process.Refresh();
        Console.WriteLine($"  {messages:N0} messages queued and committed by {Producers} producers: {messages / time.TotalSeconds:N0}/s, {processor.TotalMicroseconds / messages:0.00} µs of processor each");
        Console.WriteLine($"  {bytes / (double)messages:0} B of memory per message, {process.WorkingSet64 >> 20} MB in the process");
    }

    private static async Task ProduceAsync(Shard shard, int producer, int sessions, int messages)
    {
        var gateway = new GatewayRef(producer + 1);
        for (var sent = 0; sent < messages; sent += PerBatch)
        {
            var entries = Enumerable.Range(sent, PerBatch).Select(number => new QueueEntry(
                new byte[256], 0, [new QueueTarget(Key((int)((number * (long)Producers + producer) % sessions)), 1, false, [])]));
            var reply = await shard.Store.QueueAsync(new QueueBatch(gateway, sent + 1, [.. entries]));
            if (reply.Result != SessionResult.Ok)
            {
                throw new InvalidOperationException($"The store answered {reply.Result}.");
            }
        }
    }

    private static async Task PrintReadAsync(Shard shard)
    {
        const int Backlog = 100_000;
        var opened = await shard.Store.AttachAsync("t/reader", new OpenRequest(new GatewayRef(1_000_000), 1, false, 600, null));
        for (var sent = 0; sent < Backlog; sent += PerBatch)
        {
            await shard.Store.QueueAsync(new QueueBatch(new GatewayRef(1_000_000), sent + 1, [
                .. Enumerable.Range(0, PerBatch).Select(_ => new QueueEntry(new byte[256], 0, [new QueueTarget("t/reader", 1, false, [])]))]));
        }

        var (read, after, clock) = (0, 0L, Stopwatch.StartNew());
        QueuePage page;
        do
        {
            page = await shard.Store.ReadAsync(new QueueRead("t/reader", opened.Epoch, after, 1_000, 256 << 10));
            (read, after) = (read + page.Messages.Length, page.Last);
        }
        while (page.HasMore);
        Console.WriteLine($"  backlog of one session: {read / clock.Elapsed.TotalSeconds:N0} messages/s read in pages");
    }

    private static string Key(int number) => $"t/device-{number:0000000}";

    private static long Bytes(string directory) => new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>The shard on the silo of the product.</summary>
    private sealed class Shard : IAsyncDisposable
    {
        private readonly IHost _host;

        private Shard(IHost host) => _host = host;

        public ISessionStoreGrain Store => _host.Services.GetRequiredService<IGrainFactory>().GetGrain<ISessionStoreGrain>(0L);

        public static async Task<Shard> StartAsync(string? directory)
        {
            var options = new SiloOptions { Data = { Directory = directory, Durability = directory is null ? Durability.Memory : Durability.File } };
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            builder.Services.AddGrainMqSilo(options);
            var host = builder.Build();
            await host.StartAsync();
            return new Shard(host);
        }

        public async ValueTask DisposeAsync()
        {
            await _host.StopAsync();
            _host.Dispose();
        }
    }
}
