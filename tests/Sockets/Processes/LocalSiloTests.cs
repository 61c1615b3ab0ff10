using System.Diagnostics;
using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Processes;

/// <summary>The broker in one process has a real silo, which cannot be seen from outside.</summary>
public sealed class LocalSiloTests
{
    private static readonly string[] FreePorts = ["--tcp", "127.0.0.1:0", "--ws", "127.0.0.1:0"];

    [Fact]
    public async Task ProcessHasNoPortsButThoseOfItsListeners()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The ports of a process are read from /proc.");
        using var broker = GatewayRun.Start(FreePorts);
        int[] shown = [PortOf(await broker.EndPointAsync("tcp")), PortOf(await broker.EndPointAsync("ws"))];
        await UseAsync(IPEndPoint.Parse($"127.0.0.1:{shown[0]}"), "user");

        Assert.Equal(shown.Order(), OpenPorts.Of(broker));
    }

    [Fact]
    public async Task BannerNamesOrleansAndItsVersionAndNothingElseIsSaid()
    {
        using var broker = GatewayRun.Start(FreePorts);
        Assert.Matches(@"^GrainMQ \S+, \.NET \S+, Orleans 10\.\d+\.\d+, durability: Memory$", await broker.ReadLineAsync());
        await UseAsync(IPEndPoint.Parse(await broker.EndPointAsync("tcp")), "user");
        Assert.StartsWith("  ws ", await broker.ReadLineAsync());

        broker.Signal("TERM");

        Assert.Equal((0, ""), await broker.EndAsync());
        Assert.Equal(2, (await broker.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length); // Stopping, Stopped
    }

    [Fact]
    public async Task TwoBrokersOnOneMachineDoNotMeet()
    {
        using var one = GatewayRun.Start(FreePorts);
        using var other = GatewayRun.Start(FreePorts);
        var (first, second) = (IPEndPoint.Parse(await one.EndPointAsync("tcp")), IPEndPoint.Parse(await other.EndPointAsync("tcp")));

        await UseAsync(first, "same");
        await using var client = await RawClient.OpenAsync(second, ProtocolVersion.Mqtt5, mayBreakOff: false);
        var connack = await client.ConnectAsync("same", durable: true);

        Assert.False(connack.SessionPresent);
    }

    [Fact]
    public async Task StopUnderLoadTakesLessThanFiveSeconds()
    {
        using var broker = GatewayRun.Start(FreePorts);
        var endPoint = IPEndPoint.Parse(await broker.EndPointAsync("tcp"));
        var publishers = Enumerable.Range(0, 10).Select(number => PublishAsync(endPoint, number)).ToArray();
        await Task.WhenAny(Task.WhenAll(publishers.Select(publisher => publisher.Flowing)), Task.WhenAny(publishers.Select(publisher => publisher.Ended))).OrStuck("load");
        var watch = Stopwatch.StartNew();

        broker.Signal("TERM");

        Assert.Equal((0, ""), await broker.EndAsync());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"It took {watch.Elapsed}."); // 5 seconds, with room for a slow machine
        var reasons = await Task.WhenAll(publishers.Select(publisher => publisher.Ended)).OrStuck("the publishers' ends");
        Assert.All(reasons, reason => Assert.Equal(ReasonCode.ServerShuttingDown, reason)); // 0x8B, MQTT 5 §4.8.1
    }

    /// <summary>QoS 1 messages to itself, through a durable session, until the broker says DISCONNECT.</summary>
    private static (Task Flowing, Task<ReasonCode?> Ended) PublishAsync(IPEndPoint broker, int number)
    {
        var flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (flowing.Task, RunAsync());

        async Task<ReasonCode?> RunAsync()
        {
            await using var client = await RawClient.OpenAsync(broker, ProtocolVersion.Mqtt5, mayBreakOff: true);
            await client.ConnectAsync($"load{number}", durable: true);
            await client.SendAsync(ClientPackets.Subscribe(1, $"load/{number}", QoS.AtMostOnce));
            await client.ReceiveAsync(PacketType.Suback);
            for (ushort id = 1; ; id = (ushort)(id % 60_000 + 1))
            {
                await client.SendAsync(ClientPackets.Publish($"load/{number}", "1", QoS.AtLeastOnce, id));
                for (var acknowledged = false; !acknowledged;)
                {
                    var packet = await client.ReceiveAsync();
                    if (packet is null || packet.Type == PacketType.Disconnect)
                    {
                        return packet?.Reason;
                    }

                    acknowledged = packet.Type == PacketType.Puback;
                }
                if (id == 20)
                {
                    flowing.TrySetResult();
                }
            }
        }
    }

    /// <summary>A durable session comes, subscribes, and goes.</summary>
    private static async Task UseAsync(IPEndPoint broker, string clientId)
    {
        await using var client = await RawClient.OpenAsync(broker, ProtocolVersion.Mqtt5, mayBreakOff: false);
        await client.ConnectAsync(clientId, durable: true);
        await client.SendAsync(ClientPackets.Subscribe(1, "a", QoS.AtLeastOnce));
        await client.ReceiveAsync(PacketType.Suback);
    }

    private static int PortOf(string endPoint) => IPEndPoint.Parse(endPoint).Port;
}
