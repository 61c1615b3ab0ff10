using System.Diagnostics;
using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Sockets.ThirdParty;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Cluster;

/// <summary>A silo and a gateway, each a process of its own, with clients that know nothing of it.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private static readonly string[] FreePorts = ["--tcp", "127.0.0.1:0", "--ws", "none"];

    private readonly TemporaryDirectory _data = new();
    private SiloRun? _silo;
    private ProcessRun? _gateway;
    private IPEndPoint? _broker;

    private SiloRun Silo => _silo ?? throw new InvalidOperationException("Not started.");

    private IPEndPoint Broker => _broker ?? throw new InvalidOperationException("Not started.");

    public async ValueTask InitializeAsync()
    {
        _silo = SiloRun.Start("plant", "--data", _data.Path);
        _gateway = GatewayRun.Start([.. _silo.GatewayArguments, .. FreePorts]); // which waits for it
        _broker = IPEndPoint.Parse(await _gateway.EndPointAsync("tcp"));
    }

    public ValueTask DisposeAsync()
    {
        _gateway?.Dispose();
        _silo?.Dispose();
        _data.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task DurableSessionIsResumedWithItsMessages(ProtocolVersion version)
    {
        await using (var subscriber = await ConnectAsync("subscriber", version))
        {
            await SubscribeAsync(subscriber, "plant/+");
        }

        await using var publisher = await ConnectAsync("publisher", version);
        await PublishAsync(publisher, "plant/1", "waited", QoS.AtLeastOnce);

        await using var resumed = await OpenAsync(version);
        var connack = await resumed.ConnectAsync("subscriber", durable: true);

        Assert.True(connack.SessionPresent);
        Assert.Equal("waited", (await resumed.ReceiveAsync(PacketType.Publish)).Text);
        await PublishAsync(publisher, "plant/1", "live", QoS.AtMostOnce);
        Assert.Equal("live", (await resumed.ReceiveAsync(PacketType.Publish)).Text);
    }

    [Fact]
    public async Task RetainedMessageComesWithTheSubscription()
    {
        await using var client = await ConnectAsync("client");
        await PublishAsync(client, "state", "on", QoS.AtLeastOnce, retain: true);

        await SubscribeAsync(client, "state");

        Assert.Equal("on", (await client.ReceiveAsync(PacketType.Publish)).Text);
    }

    [Fact]
    public async Task SiloStopsWithinFiveSecondsAndTheNextOneHasEverything()
    {
        await using (var subscriber = await ConnectAsync("subscriber"))
        {
            await SubscribeAsync(subscriber, "plant/+");
        }

        await using var publisher = await ConnectAsync("publisher");
        await PublishAsync(publisher, "plant/1", "before", QoS.AtLeastOnce);
        var watch = Stopwatch.StartNew();

        Silo.Run.Signal("TERM");

        Assert.Equal((0, ""), await Silo.Run.EndAsync());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"It took {watch.Elapsed}."); // 5 seconds, with room for a slow machine
        var (siloPort, gatewayPort) = (Silo.SiloPort, Silo.GatewayPort);
        Silo.Dispose();
        _silo = SiloRun.Start("plant", siloPort, gatewayPort, "--data", _data.Path);
        await _silo.StartedAsync();
        // the same connection, which has noticed nothing
        while (await TryPublishAsync(publisher, "plant/1", "after") != ReasonCode.Success)
        {
            await Task.Yield();
        }

        await using var resumed = await OpenAsync(ProtocolVersion.Mqtt5);
        Assert.True((await resumed.ConnectAsync("subscriber", durable: true)).SessionPresent);
        Assert.Equal("before", (await resumed.ReceiveAsync(PacketType.Publish)).Text);
    }

    [Fact]
    public async Task MosquittoClientsAreServed()
    {
        Assert.SkipWhen(ThirdPartyClient.Mosquitto.Missing is not null, ThirdPartyClient.Mosquitto.Missing ?? "");
        await using (var subscribed = Mosquitto("mosquitto_sub", "-i", "durable", "-c", "-q", "1", "-t", "a/#", "-E"))
        {
            await subscribed.EndAsync();
        }

        await using (var publisher = Mosquitto("mosquitto_pub", "-q", "2", "-t", "a/b", "-m", "queued"))
        {
            await publisher.EndAsync();
        }

        await using (var retaining = Mosquitto("mosquitto_pub", "-q", "1", "-r", "-t", "a/c", "-m", "retained"))
        {
            await retaining.EndAsync();
        }

        await using var resumed = Mosquitto("mosquitto_sub", "-i", "durable", "-c", "-q", "1", "-t", "a/#", "-C", "3");
        var lines = await resumed.EndAsync();

        Assert.Equal(["queued", "retained", "retained"], lines.Order()); // queued for the session, and retained with the new subscription
    }

    private static async Task SubscribeAsync(RawClient client, string filter)
    {
        await client.SendAsync(ClientPackets.Subscribe(1, filter, QoS.AtLeastOnce, client.Version));
        await client.ReceiveAsync(PacketType.Suback);
    }

    private static async Task PublishAsync(RawClient client, string topic, string text, QoS qos, bool retain = false)
    {
        await client.SendAsync(ClientPackets.Publish(topic, text, qos, packetId: 7, retain, version: client.Version));
        if (qos == QoS.AtLeastOnce)
        {
            await client.ReceiveAsync(PacketType.Puback);
        }
    }

    private static async Task<ReasonCode?> TryPublishAsync(RawClient client, string topic, string text)
    {
        await client.SendAsync(ClientPackets.Publish(topic, text, QoS.AtLeastOnce, packetId: 8));
        return (await client.ReceiveAsync(PacketType.Puback)).Reason;
    }

    private Task<RawClient> OpenAsync(ProtocolVersion version) => RawClient.OpenAsync(Broker, version, mayBreakOff: false);

    private async Task<RawClient> ConnectAsync(string clientId, ProtocolVersion version = ProtocolVersion.Mqtt5)
    {
        var client = await OpenAsync(version);
        await client.ConnectAsync(clientId, durable: true);
        return client;
    }

    private ClientProcess Mosquitto(string program, params string[] arguments) =>
        ClientProcess.Start(program, ["-h", "127.0.0.1", "-p", $"{Broker.Port}", .. arguments]);
}
