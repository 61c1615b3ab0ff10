using System.Collections.Concurrent;
using System.Globalization;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Quic;

/// <summary>
/// A client whose data streams come and go while messages are on their way: subscriptions move between them and to the control stream, some
/// acknowledgements are never sent. Every message arrives at least once, whatever the seed.
/// </summary>
public sealed class StreamChurnTests
{
    private const int Topics = 5;
    private const int Messages = 400;

    public static TheoryData<int, bool> Seeds => new(
        from seed in Enumerable.Range(1, 8)
        from durable in (bool[])[false, true]
        select (seed, durable));

    [Theory, MemberData(nameof(Seeds))]
    public async Task NoAcknowledgedMessageIsLost(int seed, bool durable)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var random = new Random(seed);
        var client = await gateway.ConnectQuicAsync("c", cleanStart: !durable, expiry: durable ? 1000 : null);
        var received = new ConcurrentDictionary<int, bool>();
        var streams = new List<MemoryClient>();
        var readers = new List<Task> { ReadAsync(client.Control, received, new Random(seed), acknowledged: 100) };
        var publisher = await gateway.ConnectAsync("p");
        for (var topic = 0; topic < Topics; topic++)
        {
            await SubscribeAsync(client.Control, topic, gateway);
        }

        for (var number = 0; number < Messages; number++)
        {
            await publisher.PublishAsync($"t/{number % Topics}", number.ToString(CultureInfo.InvariantCulture), QoS.AtLeastOnce);
            switch (random.Next(12))
            {
                case 0 when client.Link.OpenStreams < 16:
                    streams.Add(client.OpenStream());
                    readers.Add(ReadAsync(streams[^1], received, new Random(seed + number), acknowledged: 70));
                    break;
                case 1 or 2 when streams.Count > 0:
                    await SubscribeAsync(streams[random.Next(streams.Count)], random.Next(Topics), gateway);
                    break;
                case 3 when streams.Count > 0:
                    var ended = random.Next(streams.Count);
                    End(client.StreamOf(streams[ended]), random.Next(2) == 0);
                    streams.RemoveAt(ended);
                    break;
            }
        }

        streams.ForEach(stream => End(client.StreamOf(stream), reset: true));
        await Stuck.UntilAsync(() => received.Count == Messages, "every message to arrive");
        Assert.Equal(CloseCause.None, gateway.Connections.All.Single(connection => connection.Client.Id == "c").Cause);
        await Stuck.UntilAsync(() => client.Link.OpenStreams == 1, "the streams to be disposed");
        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        Assert.Equal(Topics, session.Subscriptions.Count); // one for each filter, wherever it has been
        await Stuck.UntilAsync(() => session is { InFlight: 0, Waiting: 0 }, "the last acknowledgements");
        client.Link.Drop();
        await Task.WhenAll(readers).OrStuck("the readers to end");
    }

    /// <summary>SUBSCRIBE; the SUBACK is read by the stream's own reader, so its effect is awaited.</summary>
    private static Task SubscribeAsync(MemoryClient client, int topic, InMemoryGateway gateway)
    {
        client.Send(ClientPackets.Subscribe(client.NextPacketId(), $"t/{topic}", QoS.AtLeastOnce));
        return Stuck.UntilAsync(
            () => client.Transport.Unread == 0 && gateway.Sessions.TryGet("default/c", out var session) && session.Subscriptions.Count > topic,
            "a SUBSCRIBE to be read");
    }

    private static void End(MemoryQuicStream stream, bool reset)
    {
        if (reset)
        {
            stream.Reset();
        }
        else
        {
            stream.Finish();
        }
    }

    private static async Task ReadAsync(MemoryClient client, ConcurrentDictionary<int, bool> received, Random random, int acknowledged)
    {
        while (await client.ReceiveAsync() is { } packet)
        {
            if (packet.Type == PacketType.Publish)
            {
                received[int.Parse(packet.Text, CultureInfo.InvariantCulture)] = true;
                if (random.Next(100) < acknowledged)
                {
                    client.Send(ClientPackets.Puback(packet.PacketId, client.Version));
                }
            }
        }
    }
}
