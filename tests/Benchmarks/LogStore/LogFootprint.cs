using System.Diagnostics;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Files;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.Benchmarks.LogStore;

/// <summary>Prints what the log store does with a disk: <c>-- log [records] [directory]</c>.</summary>
internal static class LogFootprint
{
    private const int PayloadBytes = 256;
    private const int Logs = 4;

    private static readonly byte[] Payload = new byte[PayloadBytes];

    public static async Task PrintAsync(int records, string parent)
    {
        Random.Shared.NextBytes(Payload);
        Console.WriteLine($"{records:N0} records of {PayloadBytes} B, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
        foreach (var block in new[] { 1, 64, 256 })
        {
            foreach (var underWay in new[] { 1, 4 })
            {
                await InDirectoryAsync(parent, path => PrintAppendsAsync(path, $"append, blocks of {block}, {underWay} under way", 1, block, underWay));
            }
        }

        await InDirectoryAsync(parent, path => PrintAppendsAsync(path, $"append to {Logs} logs, blocks of 64", Logs, 64, 1));
        await InDirectoryAsync(parent, path => PrintAppendsAsync(path, $"append to {Logs} logs, blocks of 256", Logs, 256, 1));
        await PrintMemoryAsync();
        await InDirectoryAsync(parent, path => PrintRestartAsync(path, records));
    }

    private static async Task PrintAppendsAsync(string path, string name, int logs, int block, int underWay)
    {
        await using var store = Open(path);
        var opened = new IWriteAheadLog[logs];
        for (var log = 0; log < logs; log++)
        {
            opened[log] = await OpenAsync(store, log);
        }

        await RunAsync(TimeSpan.FromSeconds(0.5)); // warms up
        var (cpu, start) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        var latencies = await RunAsync(TimeSpan.FromSeconds(3));
        var count = latencies.Count * (double)block;
        latencies.Sort();
        Console.WriteLine($"{name,-44} {count / Stopwatch.GetElapsedTime(start).TotalSeconds,10:N0}/s  "
            + $"p50 {latencies[latencies.Count / 2],6:F2} ms  p99 {latencies[latencies.Count * 99 / 100],6:F2} ms  "
            + $"{(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count,6:F2} µs CPU");

        async Task<List<double>> RunAsync(TimeSpan duration)
        {
            var all = await Task.WhenAll(opened.SelectMany(log => Enumerable.Range(0, underWay).Select(_ => Task.Run(() => AppendAsync(log, block, duration)))));
            return [.. all.SelectMany(list => list)];
        }
    }

    private static async Task<List<double>> AppendAsync(IWriteAheadLog log, int block, TimeSpan duration)
    {
        var batch = new LogBatch();
        List<double> latencies = [];
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < duration;)
        {
            Fill(batch, latencies.Count * block, block);
            var sent = Stopwatch.GetTimestamp();
            Demand((await log.AppendAsync(batch)).Result);
            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }
        return latencies;
    }

    private static async Task PrintMemoryAsync()
    {
        await using var store = MemoryLogStore.Create(new LogStoreOptions { SegmentBytes = 16 << 20 }, TimeProvider.System, NullLogger<SegmentLogStore>.Instance);
        var log = await OpenAsync(store, 0);
        const int records = 1_000_000;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var cpu = Environment.CpuUsage.TotalTime;
        await FillAsync(log, records);
        var microseconds = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds;
        Console.WriteLine($"{"memory, blocks of 256",-44} {microseconds / records,6:F2} µs CPU  "
            + $"{(GC.GetTotalMemory(forceFullCollection: true) - before) / (double)records,6:F1} B on the heap for a record");
    }

    private static async Task PrintRestartAsync(string path, int records)
    {
        await FillDirectoryAsync(path, records);
        Console.WriteLine($"{"on disk",-44} {new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) / (double)records,8:F1} B for a record of {PayloadBytes}");
        DropCaches();
        await PrintOpeningAsync(path, "restart after a kill, cold");
        DropCaches();
        await PrintOpeningAsync(path, "restart after an orderly stop, cold");
        await using var store = Open(path);
        var logs = new IWriteAheadLog[Logs];
        for (var log = 0; log < Logs; log++)
        {
            logs[log] = await OpenAsync(store, log);
        }

        DropCaches();
        await PrintReadAsync("read all, cold", logs);
        await PrintReadAsync("read all, warm", logs);
    }

    /// <summary>The store that wrote is left as it is, as a kill leaves it; only its lock is given back.</summary>
    private static async Task FillDirectoryAsync(string path, int records)
    {
        var held = DirectoryLock.TryTake(path, out _) ?? throw new InvalidOperationException("The directory is in use.");
        var store = FileLogStore.Open(held, new LogStoreOptions(), TimeProvider.System, NullLogger<SegmentLogStore>.Instance);
        for (var log = 0; log < Logs; log++)
        {
            await FillAsync(await OpenAsync(store, log), records / Logs);
        }

        held.Dispose();
    }

    private static async Task PrintOpeningAsync(string path, string name)
    {
        var (cpu, start) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        await using var store = Open(path);
        var logs = await Task.WhenAll(Enumerable.Range(0, Logs).Select(log => OpenAsync(store, log)));
        Console.WriteLine($"{name,-44} {Stopwatch.GetElapsedTime(start).TotalSeconds,8:F2} s  {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds,6:F2} s CPU  "
            + $"{logs.Sum(log => log.NextOffset - log.FirstOffset):N0} records in {Logs} logs");
    }

    private static async Task PrintReadAsync(string name, IWriteAheadLog[] logs)
    {
        var (cpu, start, allocated) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp(), GC.GetTotalAllocatedBytes(precise: true));
        var (count, bytes) = (0L, 0L);
        var page = new LogPage();
        foreach (var log in logs)
        {
            for (var offset = log.FirstOffset; offset < log.NextOffset;)
            {
                var reply = await log.ReadAsync(offset, page);
                Demand(reply.Result);
                offset = reply.NextOffset;
                foreach (var record in page)
                {
                    count++;
                    bytes += record.Payload.Length;
                }
            }
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($"{name,-44} {count,10:N0} records in {seconds * 1e3,8:F1} ms, {count / seconds,12:N0}/s  "
            + $"{(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count,6:F2} µs CPU  {(GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)count:F2} B allocated");
    }

    private static async Task FillAsync(IWriteAheadLog log, int records)
    {
        const int block = 256;
        var batches = new[] { new LogBatch(), new LogBatch(), new LogBatch(), new LogBatch() };
        var underWay = new ValueTask<AppendReply>[batches.Length];
        for (var number = 0; number * block < records; number++)
        {
            var slot = number % batches.Length;
            if (number >= batches.Length)
            {
                Demand((await underWay[slot]).Result);
            }

            Fill(batches[slot], number * block, Math.Min(block, records - number * block));
            underWay[slot] = log.AppendAsync(batches[slot]);
        }
        foreach (var append in underWay)
        {
            Demand((await append).Result);
        }
    }

    private static void Fill(LogBatch batch, int first, int count)
    {
        batch.Clear();
        for (var record = first; record < first + count; record++)
        {
            batch.Add(1, 1, (ulong)record, [], Payload);
        }
    }

    private static SegmentLogStore Open(string path) => FileLogStore.Open(
        DirectoryLock.TryTake(path, out _) ?? throw new InvalidOperationException("The directory is in use."), new LogStoreOptions(),
        TimeProvider.System, NullLogger<SegmentLogStore>.Instance);

    private static async Task<IWriteAheadLog> OpenAsync(SegmentLogStore store, int log)
    {
        var opening = await store.OpenAsync($"log/{log}", 0);
        return opening.Log ?? throw new InvalidOperationException($"{opening.Fault}");
    }

    private static void Demand(LogResult result)
    {
        if (result != LogResult.Ok)
        {
            throw new InvalidOperationException($"The store answered {result}.");
        }
    }

    /// <summary>Only root can; without it the figure is one of a warm restart.</summary>
    private static void DropCaches()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return;
        }

        using var sync = Process.Start("sync");
        sync.WaitForExit();
        File.WriteAllText("/proc/sys/vm/drop_caches", "1");
    }

    private static async Task InDirectoryAsync(string parent, Func<string, Task> body)
    {
        var path = Path.Combine(parent, $"grainmq-log-{Environment.ProcessId}");
        try
        {
            await body(path);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
