using System.Net.Sockets;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>
/// Every client identifier is fought for by several sockets, each with a will of delay 0. A socket that is told CONNACK 0 and then loses the
/// connection must have its will published, once; when the fight ends one connection per identifier is left.
/// </summary>
internal static class TakeoverStorm
{
    private static long _accepted, _takenOver, _lostOtherwise, _refused, _wills;

    public static async Task<int> RunAsync(int port, int ids, int sockets, TimeSpan duration)
    {
        using var watcher = new LoadClient();
        await watcher.ConnectAsync(port);
        await watcher.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt5, "storm-watcher"));
        await watcher.ReceiveAsync();
        await watcher.SendAsync(ClientPackets.Subscribe(1, "storm/will/#"));
        await watcher.ReceiveAsync();
        var watching = WatchAsync(watcher);

        using var stop = new CancellationTokenSource(duration);
        var fighters = Enumerable.Range(0, ids * sockets).Select(i => FightAsync(port, i / sockets, stop.Token)).ToArray();
        var last = await Task.WhenAll(fighters);
        var survivors = await SurvivorsAsync(last);
        await Stuck.UntilAsync(() => Interlocked.Read(ref _wills) >= Expected(survivors.Count), "the last wills");
        await survivors[0].SendAsync(ClientPackets.Pingreq()); // one more round trip: a will too many would come before its answer
        await survivors[0].ReceiveAsync();

        var distinct = survivors.Count;
        Console.WriteLine($"accepted {_accepted}, taken over with 0x8E {_takenOver}, lost without a word {_lostOtherwise}, refused {_refused}");
        Console.WriteLine($"survivors {distinct} of {ids} identifiers; wills {_wills}, expected {Expected(distinct)}");
        survivors.ForEach(survivor => survivor.Dispose());
        watcher.Dispose();
        await watching;
        return distinct == ids && _wills == Expected(distinct) + 0 ? 0 : 1;
    }

    private static long Expected(int survivors) => Interlocked.Read(ref _accepted) - survivors;

    /// <summary>Connects, waits to be thrown out, connects again; the last connection is kept.</summary>
    private static async Task<LoadClient?> FightAsync(int port, int id, CancellationToken stop)
    {
        while (true)
        {
            var client = new LoadClient();
            try
            {
                await client.ConnectAsync(port);
                var will = new ClientWill($"storm/will/{id}", [1]);
                await client.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt5, $"storm-{id}", will: will));
                var connack = await client.ReceiveAsync();
                var isAccepted = connack.Length > 3 && connack.Span[3] == 0;
                Interlocked.Increment(ref isAccepted ? ref _accepted : ref _refused);
                if (stop.IsCancellationRequested && isAccepted)
                {
                    return client;
                }

                if (isAccepted)
                {
                    Count(await client.ReceiveAsync());
                }
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                Interlocked.Increment(ref _refused);
            }

            client.Dispose();
        }
    }

    /// <summary>Of the last connections of an identifier one is alive: it answers PINGREQ.</summary>
    private static async Task<List<LoadClient>> SurvivorsAsync(LoadClient?[] last)
    {
        var survivors = new List<LoadClient>();
        foreach (var client in last.OfType<LoadClient>())
        {
            try
            {
                await client.SendAsync(ClientPackets.Pingreq());
            }
            catch (IOException)
            {
                // taken over meanwhile
            }

            var answer = await client.ReceiveAsync();
            if (answer.Length == 2 && answer.Span[0] == 0xD0)
            {
                survivors.Add(client);
            }
            else
            {
                Count(answer);
                client.Dispose();
            }
        }

        return survivors;
    }

    private static void Count(ReadOnlyMemory<byte> end) =>
        Interlocked.Increment(ref end.Length > 2 && end.Span[0] == 0xE0 && end.Span[2] == 0x8E ? ref _takenOver : ref _lostOtherwise);

    private static async Task WatchAsync(LoadClient watcher)
    {
        while (await watcher.ReceiveAsync() is { IsEmpty: false })
        {
            Interlocked.Increment(ref _wills);
        }
    }
}
