using System.Diagnostics;
using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Tests.Benchmarks.Routing;

/// <summary>Prints what a number of filters costs in memory, to add, to match and to remove: <c>-- routing [filters]</c>.</summary>
internal static class RoutingFootprint
{
    private const int Runs = 9;
    private const int TopicsPerRun = 1 << 18;

    public static void Print(int filters)
    {
        Console.WriteLine($"{filters:N0} filters devices/<n>/cmd/#, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
        var hits = DeviceTopics.Topics(filters, TopicsPerRun);
        var misses = DeviceTopics.Topics(filters, TopicsPerRun, suffix: "state");
        PrintTrie(filters, hits, misses);
        PrintRoutes(filters, hits, misses);
        PrintSubscriptions(filters);
    }

    private static void PrintTrie(int filters, byte[][] hits, byte[][] misses)
    {
        var trie = new LocalTrie<object>();
        var value = new object(); // shared: the figures are of the structure, filters included, values not
        var before = Memory();
        PrintRate("trie add", filters, device => trie.Update(DeviceTopics.Filter(device), value, static (_, _, added) => added));
        PrintMemory("trie", filters, before, trie.SizeInBytes);
        var matches = default(MatchList<object>);
        Action<byte[]> match = topic =>
        {
            matches.Clear();
            trie.Match(topic, ref matches);
        };
        PrintMatch("trie match", match, hits);
        PrintMatch("trie miss", match, misses);
        PrintRate("trie remove", filters, device => trie.Update(DeviceTopics.Filter(device), 0, static (_, _, _) => null));
    }

    private static void PrintRoutes(int filters, byte[][] hits, byte[][] misses)
    {
        var table = new RouteTable();
        var owner = new RouteOwner(RouteOwnerKind.Gateway, "other", Incarnation: 1);
        var before = Memory();
        PrintRate("routes add", filters, device =>
            table.Apply(owner, new RouteDeltas(device + 1, [new RouteDelta(new RouteKey(DeviceTopics.Filter(device)), 1)])));
        PrintMemory("routes", filters, before, table.SizeInBytes);
        var match = default(RouteMatch);
        PrintMatch("routes match", topic => table.Match(topic, ref match), hits);
        PrintMatch("routes miss", topic => table.Match(topic, ref match), misses);
        PrintRate("routes drop all", filters, device =>
        {
            if (device == 0)
            {
                table.Remove(owner);
            }
        });
    }

    /// <summary>All that a subscription takes: trie, subscribers of the filter, the session's own list, the text of the filter.</summary>
    private static void PrintSubscriptions(int filters)
    {
        const int sessionCount = 100;
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var trie = new LocalTrie<Subscribers>();
        var index = new SubscriptionIndex(trie, ShareStrategy.RoundRobin);
        var limits = new DeliveryLimits(new OutboundOptions(), new GatewayMetrics(services.GetRequiredService<IMeterFactory>()));
        var sessions = Enumerable.Range(0, sessionCount).Select(id => new Session($"default/{id}", $"{id}", limits, store: null!)).ToArray(); // they receive nothing
        var before = Memory();
        PrintRate("subscribe", filters, device =>
        {
            var session = sessions[device % sessionCount];
            session.Subscriptions.Subscribe(index, session, new SubscribeEntry(DeviceTopics.Filter(device), 1), identifier: 0);
        });
        PrintMemory("subscriptions", filters, before, trie.SizeInBytes);
        GC.KeepAlive(sessions);
    }

    private static void PrintRate(string name, int filters, Action<int> step)
    {
        var start = Stopwatch.GetTimestamp();
        for (var device = 0; device < filters; device++)
        {
            step(device);
        }

        Console.WriteLine($"{name,-16} {filters / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6,7:F2} M/s");
    }

    private static void PrintMemory(string name, int filters, (long Heap, long Process) before, long arrays)
    {
        var after = Memory();
        Console.WriteLine($"{name + " memory",-16} {(double)arrays / filters,7:F1} B/filter in arrays, {PerFilter(after.Heap - before.Heap)} heap, "
            + $"{PerFilter(after.Process - before.Process)} process");

        string PerFilter(long bytes) => $"{(double)bytes / filters:F1}";
    }

    private static void PrintMatch(string name, Action<byte[]> match, byte[][] topics)
    {
        var nanoseconds = new List<double>();
        var allocated = 0L;
        for (var run = 0; run <= Runs; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Environment.CpuUsage.TotalTime; // of one thread: other load on the machine costs caches, not time
            foreach (var topic in topics)
            {
                match(topic);
            }

            var elapsed = Environment.CpuUsage.TotalTime - start;
            if (run == 0)
            {
                continue; // warms up
            }

            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            nanoseconds.Add(elapsed.TotalNanoseconds / topics.Length);
        }

        nanoseconds.Sort();
        Console.WriteLine($"{name,-16} {nanoseconds[Runs / 2],7:F0} ns CPU, median of {Runs} ({nanoseconds[0]:F0} to {nanoseconds[^1]:F0}), {allocated} B allocated");
    }

    private static (long Heap, long Process) Memory()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }
}
