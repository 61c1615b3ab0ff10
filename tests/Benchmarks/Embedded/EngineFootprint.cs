using System.Diagnostics;
using GrainMQ.Silo.Embedded;
using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Tests.Benchmarks.Embedded;

/// <summary>How long the engine takes to its first answer, and what an idle activation keeps. Target: 600 B.</summary>
public static class EngineFootprint
{
    public static async Task PrintAsync(int activations)
    {
        await using var services = new ServiceCollection().AddEmbeddedGrains(typeof(CounterGrain).Assembly).BuildServiceProvider();
        var clock = Stopwatch.StartNew();
        var cluster = services.GetRequiredService<EmbeddedCluster>();
        await cluster.GetGrain<ICounterGrain>("first").AddAsync(1);
        Console.WriteLine($"first answer after {clock.Elapsed.TotalMilliseconds:0.0} ms");

        var keys = Enumerable.Range(0, activations).Select(i => $"tenant/client-{i:00000000}").ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        clock.Restart();
        foreach (var key in keys) await cluster.GetGrain<ICounterGrain>(key).AddAsync(1);
        var time = clock.Elapsed;
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine($"{activations:N0} activations: {time.TotalMicroseconds / activations:0.00} µs and {(double)bytes / activations:0} B each, keys excluded");
        GC.KeepAlive(keys);
    }
}
