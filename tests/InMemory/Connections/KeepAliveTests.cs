using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Connections;

/// <summary>Keep Alive, PINGREQ and the time for CONNECT. MQTT 5 §3.1.2.10, §3.12.</summary>
public sealed class KeepAliveTests
{
    public static TheoryData<ProtocolVersion> Versions => [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task ConnectionEndsAfterOneAndAHalfKeepAlives(ProtocolVersion version) // [MQTT-3.1.2-22]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await gateway.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        var client = await gateway.ConnectAsync("c", version: version, keepAlive: 10, will: new ClientWill("will", "gone"u8.ToArray()));
        await Stuck.CalmAsync();
        gateway.Time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(client.Transport.IsClosedByServer);
        gateway.Time.Advance(TimeSpan.FromSeconds(0.4));
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
        await watcher.ExpectPublishAsync("gone");
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_connections_closed_total", "KeepAliveTimeout"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task PingreqKeepsTheConnectionForMoreThanThreeKeepAlives(ProtocolVersion version) // [MQTT-3.12.4-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", version: version, keepAlive: 10);
        for (var i = 0; i < 5; i++)
        {
            gateway.Time.Advance(TimeSpan.FromSeconds(14));
            client.Send(0xC0, 0x00);
            Assert.Equal([0xD0, 0x00], await client.ReceivePacketAsync());
        }

        gateway.Time.Advance(TimeSpan.FromSeconds(16));
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Fact]
    public async Task AnyPacketPutsTheEndOff()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", keepAlive: 10);
        for (var i = 0; i < 4; i++)
        {
            gateway.Time.Advance(TimeSpan.FromSeconds(14));
            await client.PublishAsync("t", "m", QoS.AtLeastOnce);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task ZeroTurnsItOff(ProtocolVersion version)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", version: version, keepAlive: 0);
        gateway.Time.Advance(TimeSpan.FromMinutes(2)); // more than a turn of the wheel
        gateway.Time.Leap(TimeSpan.FromDays(2)); // more than the longest Keep Alive and its half
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task LongestKeepAliveIsMoreThanATurnOfTheWheel()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", keepAlive: 65535);
        await Stuck.CalmAsync();
        gateway.Time.Advance(TimeSpan.FromSeconds(300)); // several turns
        gateway.Time.Leap(TimeSpan.FromSeconds(97_000));
        gateway.Time.Advance(TimeSpan.FromSeconds(98_302 - 97_300)); // several turns more, and not yet
        Assert.False(client.Transport.IsClosedByServer);
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Theory]
    [InlineData((ushort)0)]
    [InlineData((ushort)1000)]
    public async Task ServerKeepAliveReplacesALongerOne(ushort asked) // [MQTT-3.2.2-21]
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.KeepAliveMaximum = 20);
        var client = gateway.Open();
        Assert.Equal(20u, (await client.ConnectAsync("c", keepAlive: asked)).Number(PropertyId.ServerKeepAlive));
        await Stuck.CalmAsync(); // the deadline begins behind CONNACK
        gateway.Time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.False(client.Transport.IsClosedByServer);
        gateway.Time.Advance(TimeSpan.FromSeconds(0.4));
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);

        Assert.Null((await gateway.Open().ConnectAsync("d", keepAlive: 20)).Number(PropertyId.ServerKeepAlive));
    }

    [Fact]
    public async Task WhatTheServerHasNotReadYetIsNotTheClientsSilence()
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var durable = await gateway.ConnectAsync("d", cleanStart: false, expiry: 1000);
        await durable.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DropAsync(durable);
        var client = await gateway.ConnectAsync("c", keepAlive: 4);
        faults.Break("ISessionStoreGrain.QueueAsync", CallFault.TimeoutBefore);
        client.Send(ClientPackets.Publish("t", "m", QoS.AtLeastOnce, 1)); // its acknowledgement has to wait, and with it the reader
        for (var i = 0; i < 5; i++)
        {
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(3));
            client.Send(ClientPackets.Pingreq());
        }

        faults.Heal();
        await gateway.AdvanceUntilAsync(client.ExpectAsync(PacketType.Puback, 1), "PUBACK");
        for (var i = 0; i < 5; i++)
        {
            await client.ExpectAsync(PacketType.Pingresp);
        }

        gateway.Time.Advance(TimeSpan.FromSeconds(7)); // and then it counts again
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Fact]
    public async Task ConnectionWithoutConnectEnds() // connect timeout
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var silent = gateway.Open();
        var half = gateway.Open();
        half.Send(ClientPackets.Connect()[..7]);
        gateway.Time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(silent.Transport.IsClosedByServer);
        gateway.Time.Advance(TimeSpan.FromSeconds(0.4));
        await silent.ExpectClosedAsync();
        await half.ExpectClosedAsync();
        await Stuck.UntilAsync(() => gateway.Connections.Count == 0, "the connections to be handed back");
        Assert.Equal(2, gateway.Metrics.Sum("mqtt_connections_closed_total", "ConnectTimeout"));
    }

    [Fact]
    public async Task ClientThatHasConnectedWaitsForTheServerAsLongAsThatTakes()
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.ConnectTimeout = TimeSpan.FromSeconds(2), faults: faults);
        faults.Plan.MaximumDelay = TimeSpan.FromHours(1);
        faults.Break("ISessionStoreGrain.AttachAsync", CallFault.Delay, times: 1);
        var client = gateway.Open();
        client.Connect("c");
        gateway.ExpectError(4502);
        var connack = client.ExpectAsync(PacketType.Connack);
        await gateway.AdvanceUntilAsync(connack, "CONNACK");
        Assert.Equal(ReasonCode.ServerUnavailable, (await connack).Reason); // after 5 s, not cut off after 2
        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task PacketThatNeverEndsDoesNotKeepTheConnection(ushort keepAlive)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await gateway.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        var client = await gateway.ConnectAsync("c", keepAlive: keepAlive, will: new ClientWill("will", "gone"u8.ToArray()));
        var packet = ClientPackets.Publish("t", new string('x', 1000));
        for (var i = 0; i < 60; i++)
        {
            client.Send(packet[i]);
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        client.Send(packet[60]);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(20));

        await client.ExpectDisconnectAsync(ReasonCode.QuotaExceeded);
        await watcher.ExpectPublishAsync("gone");
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_connections_closed_total", "PacketTimeout"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task LargePacketOnASlowLinePasses(ushort keepAlive)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", keepAlive: keepAlive);
        await client.SubscribeAsync("t");
        var packet = ClientPackets.Publish("t", new string('x', 30_000));
        foreach (var part in packet.Chunk(1000))
        {
            client.Send(part);
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(9)); // 111 bytes per second, 270 seconds
        }

        await client.ExpectPublishAsync(new string('x', 30_000));
    }

    [Fact]
    public async Task DataStreamWhosePacketNeverEndsEndsAlone()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var stream = client.OpenStream();
        stream.Send(ClientPackets.Publish("t", "x")[..^1]);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(62));

        await stream.ExpectClosedAsync();
        client.Control.Send(ClientPackets.Pingreq());
        await client.Control.ExpectAsync(PacketType.Pingresp);
    }

    [Fact]
    public async Task PingreqThatCameWhileTheProcessStoodStillIsReadBeforeJudging()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", keepAlive: 1);
        gateway.Time.Leap(TimeSpan.FromSeconds(4)); // what the client sends meanwhile is read when the process goes on
        client.Send(ClientPackets.Pingreq());
        await client.ExpectAsync(PacketType.Pingresp);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(1.4));
        client.Send(ClientPackets.Pingreq());
        await client.ExpectAsync(PacketType.Pingresp);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(2));
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task PingreqIsAnsweredWhenTheQueueIsFull(ProtocolVersion version)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", version: version);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
        client.Transport.StopTaking();
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 1600; i++)
        {
            await publisher.PublishAsync("t", $"{i}");
        }

        for (var i = 0; i < 3; i++)
        {
            client.Send(ClientPackets.Pingreq());
        }

        await Stuck.CalmAsync();
        client.Transport.GoOnTaking();
        int pingresps = 0, publishes = 0;
        while (pingresps < 3)
        {
            var packet = await client.ReceiveAsync();
            pingresps += packet?.Type == PacketType.Pingresp ? 1 : 0;
            publishes += packet?.Type == PacketType.Publish ? 1 : 0;
        }

        while (publishes + gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull") < 1600)
        {
            await client.ExpectAsync(PacketType.Publish);
            publishes++;
        }

        await client.NothingMoreAsync();
        Assert.InRange(publishes, 1000, 1100);
    }

    [Fact]
    public async Task I12LiveMessagesAndTheirAcksCallNoGrain()
    {
        var calls = new List<string>();
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var subscriber = await gateway.ConnectAsync("s");
        await subscriber.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry: 1000);
        await Stuck.CalmAsync();
        var script = faults.Plan.Script;
        faults.Plan.Script = call =>
        {
            lock (calls)
            {
                calls.Add(call.Method);
            }

            return script?.Invoke(call);
        };
        for (var i = 0; i < 50; i++)
        {
            var qos = (QoS)(i % 3);
            await publisher.PublishAsync("t", $"{i}", qos);
            await subscriber.ExpectPublishAsync($"{i}");
            await subscriber.NothingMoreAsync();
        }

        Assert.Empty(calls);
    }

    [Fact]
    public async Task I12OfflineMessagesAreQueuedInBatches()
    {
        var queued = 0;
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Grains.StoreShards = 1, faults: faults);
        for (var i = 0; i < 50; i++)
        {
            var durable = await gateway.ConnectAsync($"d{i}", cleanStart: false, expiry: 1000);
            await durable.SubscribeAsync("t", QoS.AtLeastOnce);
            await gateway.DropAsync(durable);
        }

        faults.Plan.Script = call =>
        {
            Interlocked.Add(ref queued, call.Method == "ISessionStoreGrain.QueueAsync" ? 1 : 0);
            return null;
        };
        var publisher = await gateway.ConnectAsync("p");
        publisher.Send([.. Enumerable.Range(1, 60).SelectMany(id => ClientPackets.Publish("t", $"{id}", QoS.AtLeastOnce, (ushort)id))]);
        for (ushort id = 1; id <= 60; id++)
        {
            await publisher.ExpectAsync(PacketType.Puback, id);
        }

        Assert.Equal(1, queued); // 60 messages for 50 sessions in one read: one call
        Assert.Equal(60, (await gateway.SessionInfoAsync("d7")).Queued);
    }
}
