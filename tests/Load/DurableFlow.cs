using System.Diagnostics;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>Every publisher has a durable subscriber of its own and keeps a window of messages open; at QoS 2 its session is durable, too.</summary>
internal static class DurableFlow
{
    public static async Task<int> RunAsync(int port, int pairs, int payload, int window, QoS qos, TimeSpan duration)
    {
        long received = 0;
        for (var i = 0; i < pairs; i++)
        {
            var subscriber = new LoadClient();
            await subscriber.ConnectDurablyAsync(port, $"durable-{i}");
            await subscriber.SendAsync(ClientPackets.Subscribe(1, $"durable/{i}", qos));
            await subscriber.ReceiveAsync();
            _ = Task.Run(() => AcknowledgingReader.RunAsync(subscriber, count => Interlocked.Add(ref received, count)));
        }

        using var stop = new CancellationTokenSource(duration);
        var clock = Stopwatch.StartNew();
        var runs = await Task.WhenAll(Enumerable.Range(0, pairs).Select(i => Task.Run(() => PublishAsync(port, i, payload, window, qos, stop.Token))));
        var seconds = clock.Elapsed.TotalSeconds;
        var latencies = new Latencies(runs.SelectMany(run => run));
        await Stuck.UntilAsync(() => Interlocked.Read(ref received) >= latencies.Count, "the last deliveries");
        Console.WriteLine($"{latencies.Count / seconds:N0} msg/s acknowledged and delivered ({latencies.Count:N0} in {seconds:F1} s); "
            + $"{(qos == QoS.AtLeastOnce ? "PUBACK" : "PUBCOMP")} p50 {latencies.At(0.5):F1} ms, p99 {latencies.At(0.99):F1} ms; delivered {received - latencies.Count} more");
        return 0;
    }

    /// <returns>Milliseconds from PUBLISH to PUBACK or PUBCOMP.</returns>
    private static async Task<List<double>> PublishAsync(int port, int number, int payload, int window, QoS qos, CancellationToken stop)
    {
        var latencies = new List<double>();
        using var publisher = new LoadClient();
        if (qos == QoS.ExactlyOnce)
        {
            await publisher.ConnectDurablyAsync(port, $"publisher-{number}");
        }
        else
        {
            await publisher.ConnectAsync(port);
            await publisher.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt5, $"publisher-{number}"));
            await publisher.ReceiveAsync();
        }

        var packets = Enumerable.Range(1, window).Select(
            id => ClientPackets.Publish($"durable/{number}", new byte[payload], qos, (ushort)id)).ToArray();
        var sentAt = new long[window + 1];
        var free = new Queue<int>(Enumerable.Range(1, window));
        while (!stop.IsCancellationRequested || free.Count < window)
        {
            if (!stop.IsCancellationRequested && free.Count > 0)
            {
                var burst = new List<byte>();
                while (free.TryDequeue(out var id))
                {
                    sentAt[id] = Stopwatch.GetTimestamp();
                    burst.AddRange(packets[id - 1]);
                }

                await publisher.SendAsync(burst.ToArray());
            }

            var releases = new List<byte>();
            var ack = await publisher.ReceiveAsync();
            do
            {
                var id = ack.Span[2] << 8 | ack.Span[3];
                if (ack.Span[0] >> 4 == (int)PacketType.Pubrec)
                {
                    releases.AddRange(ClientPackets.Pubrel((ushort)id));
                    continue;
                }

                latencies.Add(Stopwatch.GetElapsedTime(sentAt[id]).TotalMilliseconds);
                free.Enqueue(id);
            }
            while (publisher.TryReceive(out ack));
            if (releases.Count > 0)
            {
                await publisher.SendAsync(releases.ToArray());
            }
        }

        return latencies;
    }
}
