using System.Globalization;
using GrainMQ.Gateway.Listeners;

namespace GrainMQ.Tests.Load;

/// <summary>What connected clients that say nothing cost a broker in a process of its own, on each road.</summary>
internal static class IdleConnections
{
    private const int WarmUp = 100;
    private const int AtOnce = 16;

    public static async Task<int> RunAsync(int connections)
    {
        foreach (var road in RoadsBroker.Roads)
        {
            using var broker = await RoadsBroker.StartAsync();
            var kept = await ConnectAsync(broker, road, 0, WarmUp);
            await broker.Process.CalmAsync();
            var before = broker.Process.ResidentBytes;
            kept = [.. kept, .. await ConnectAsync(broker, road, WarmUp, connections)];
            await broker.Process.CalmAsync();
            var after = broker.Process.ResidentBytes;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{RoadsBroker.NameOf(road)}: {connections:N0} idle connections, RSS {before >> 20} -> {after >> 20} MB, {(after - before) / 1024.0 / connections:F1} KB each"));
            Array.ForEach(kept, client => client.Dispose());
        }

        return 0;
    }

    private static async Task<LoadClient[]> ConnectAsync(RoadsBroker broker, ListenerKind road, int from, int count)
    {
        var clients = new LoadClient[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) =>
            clients[i] = await broker.ConnectAsync(road, $"idle-{from + i}"));
        return clients;
    }
}
