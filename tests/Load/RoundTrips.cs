using System.Diagnostics;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>A client that publishes to itself, the next message when the last has come back.</summary>
internal static class RoundTrips
{
    public const int PayloadSize = 256;

    public static async Task<Latencies> RunAsync(RoadsBroker broker, ListenerKind road, QoS qos, int count)
    {
        const string Topic = "round/trip";
        using var client = await broker.ConnectAsync(road, "round-trip");
        await client.SendAsync(ClientPackets.Subscribe(1, Topic, qos, ProtocolVersion.Mqtt311));
        await client.ReceiveAsync();
        var message = ClientPackets.Publish(Topic, new byte[PayloadSize], qos, 1, version: ProtocolVersion.Mqtt311);
        var milliseconds = new double[count];
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await client.SendAsync(message);
            milliseconds[i] = await ReturnAsync(client, qos, start);
        }

        return new Latencies(milliseconds);
    }

    /// <summary>Takes the message and, at QoS 1, the PUBACK, in whatever order, and acknowledges.</summary>
    private static async Task<double> ReturnAsync(LoadClient client, QoS qos, long start)
    {
        double taken = 0;
        for (var expected = qos == QoS.AtMostOnce ? 1 : 2; expected > 0; expected--)
        {
            var packet = await client.ReceiveAsync();
            if (packet.IsEmpty)
            {
                throw new IOException("The broker closed the connection.");
            }

            if (packet.Span[0] >> 4 == (int)PacketType.Publish)
            {
                taken = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                if (qos != QoS.AtMostOnce)
                {
                    var packetId = (ushort)(packet.Span[^(PayloadSize + 2)] << 8 | packet.Span[^(PayloadSize + 1)]);
                    await client.SendAsync(ClientPackets.Puback(packetId, version: ProtocolVersion.Mqtt311));
                }
            }
        }

        return taken;
    }
}
