using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Hosting;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Silo.Data;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GrainMQ.Tests.Load;

/// <summary>One subscriber reads nothing: the rate of the other 50, the memory and what the metric says was dropped.</summary>
internal static class SlowSubscriber
{
    private const int Subscribers = 50;
    private static readonly Dictionary<string, long> Dropped = [];

    public static async Task<int> RunAsync(TimeSpan duration)
    {
        var options = new GatewayOptions();
        options.Listeners.Clear();
        options.Data.Durability = Durability.Memory;
        options.Listeners.Add(new ListenerOptions { Name = "tcp", Kind = ListenerKind.Tcp, Address = "127.0.0.1:0" });
        using var host = new HostApplicationBuilder().AddGateway(options).Build();
        using var listener = Listen();
        await host.StartAsync();
        var port = host.Services.GetRequiredService<GatewayService>().Listeners[0].EndPoint is IPEndPoint bound ? bound.Port : throw new InvalidOperationException("No port.");
        foreach (var qos in Enum.GetValues<QoS>())
        {
            var without = await RateAsync(port, qos, withSlow: false, duration);
            var before = Environment.WorkingSet;
            var with = await RateAsync(port, qos, withSlow: true, duration);
            var drops = string.Join(", ", Dropped.Select(pair => $"{pair.Key} {pair.Value}"));
            Console.WriteLine($"QoS {(int)qos}: {without:N0} msg/s without, {with:N0} with the slow one ({with / without:P0}); "
                + $"working set {before >> 20} -> {Environment.WorkingSet >> 20} MB; dropped: {(drops.Length > 0 ? drops : "nothing")}");
        }

        await host.StopAsync();
        return 0;
    }

    private static HostApplicationBuilder AddGateway(this HostApplicationBuilder builder, GatewayOptions options)
    {
        builder.Services.AddMqttGateway(options);
        return builder;
    }

    private static async Task<double> RateAsync(int port, QoS qos, bool withSlow, TimeSpan duration)
    {
        long received = 0;
        var clients = new List<LoadClient>();
        for (var i = 0; i < Subscribers; i++)
        {
            var subscriber = await SubscribeAsync(port, qos, $"fast-{i}");
            clients.Add(subscriber);
            _ = ReadAsync(subscriber, () => Interlocked.Increment(ref received));
        }

        if (withSlow)
        {
            clients.Add(await SubscribeAsync(port, qos, "slow")); // and never reads again
        }

        using var stop = new CancellationTokenSource(duration);
        var clock = Stopwatch.StartNew();
        await PublishAsync(port, qos, stop.Token);
        var rate = Interlocked.Read(ref received) / clock.Elapsed.TotalSeconds;
        clients.ForEach(client => client.Dispose());
        return rate;
    }

    private static async Task<LoadClient> SubscribeAsync(int port, QoS qos, string clientId)
    {
        var client = new LoadClient();
        await client.ConnectAsync(port);
        await client.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, clientId));
        await client.ReceiveAsync();
        await client.SendAsync(ClientPackets.Subscribe(1, "slow/topic", qos, ProtocolVersion.Mqtt311));
        await client.ReceiveAsync();
        return client;
    }

    private static async Task ReadAsync(LoadClient client, Action count)
    {
        while (await client.ReceiveAsync() is { IsEmpty: false } packet)
        {
            var type = (byte)(packet.Span[0] >> 4);
            if (type == 6)
            {
                await client.SendAsync(ClientPackets.Pubcomp(PacketIdOf(packet.Span, answer: true), version: ProtocolVersion.Mqtt311));
                continue;
            }

            count();
            var qos = packet.Span[0] >> 1 & 3;
            if (qos > 0)
            {
                var packetId = PacketIdOf(packet.Span);
                await client.SendAsync(qos == 1
                    ? ClientPackets.Puback(packetId, version: ProtocolVersion.Mqtt311)
                    : ClientPackets.Pubrec(packetId, version: ProtocolVersion.Mqtt311));
            }
        }
    }

    /// <summary>20 messages, then their acknowledgements, and again.</summary>
    private static async Task PublishAsync(int port, QoS qos, CancellationToken stop)
    {
        using var publisher = new LoadClient();
        await publisher.ConnectAsync(port);
        await publisher.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, "publisher"));
        await publisher.ReceiveAsync();
        while (!stop.IsCancellationRequested)
        {
            byte[] burst = [.. Enumerable.Range(1, 20).SelectMany(
                id => ClientPackets.Publish("slow/topic", new byte[256], qos, (ushort)id, version: ProtocolVersion.Mqtt311))];
            await publisher.SendAsync((byte[])[.. burst, .. ClientPackets.Pingreq()]);
            for (var open = 1 + (qos == QoS.AtMostOnce ? 0 : 20); open > 0;)
            {
                var answer = await publisher.ReceiveAsync();
                var isPubrec = answer.Span[0] >> 4 == 5;
                if (isPubrec)
                {
                    await publisher.SendAsync(ClientPackets.Pubrel(PacketIdOf(answer.Span, answer: true), version: ProtocolVersion.Mqtt311));
                }

                open -= isPubrec ? 0 : 1;
            }
        }
    }

    private static ushort PacketIdOf(ReadOnlySpan<byte> packet, bool answer = false)
    {
        var at = answer ? 2 : packet.Length - 256 - 2;
        return (ushort)(packet[at] << 8 | packet[at + 1]);
    }

    private static MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name is "mqtt_messages_dropped_total" or "mqtt_connections_closed_total")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (Dropped)
            {
                var key = $"{instrument.Name}{{{tags[0].Value}}}";
                Dropped[key] = Dropped.GetValueOrDefault(key) + value;
            }
        });
        listener.Start();
        return listener;
    }
}
