using System.Globalization;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Connections;

/// <summary>Clients that do not take what is sent to them: bounds, policies and metrics.</summary>
public sealed class SlowClientTests
{
    [Fact]
    public async Task StalledConnectionIsClosedAfterThirtySeconds()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await gateway.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        var client = await gateway.ConnectAsync("c", will: new ClientWill("will", "gone"u8.ToArray()));
        client.Transport.StopTaking();
        client.Send(ClientPackets.Pingreq());
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(29));
        Assert.False(client.Transport.IsClosedByServer);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(2));
        await client.ClosedAsync();
        await watcher.ExpectPublishAsync("gone");
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_connections_closed_total", "Stalled"));
        Assert.Contains(gateway.Log.Lines, line => line.EventId == 4305);
    }

    [Fact]
    public async Task ProgressPutsTheStallOff()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        for (var i = 0; i < 4; i++)
        {
            client.Transport.StopTaking();
            client.Send(ClientPackets.Pingreq());
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(20));
            client.Transport.GoOnTaking();
            await client.ExpectAsync(PacketType.Pingresp);
        }

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60)); // nothing to send is no stall
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task RepliesThatWaitStopTheReader()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Outbound.ReplyLimit = 16);
        var client = await gateway.ConnectAsync("c");
        client.Transport.StopTaking();
        for (var i = 0; i < 200; i++)
        {
            client.Send(ClientPackets.Pingreq());
            await Stuck.CalmAsync();
        }

        var connection = gateway.Connections.All.Single();
        Assert.InRange(connection.Outbound.Count, 16, 40);
        client.Transport.GoOnTaking();
        for (var i = 0; i < 200; i++)
        {
            await client.ExpectAsync(PacketType.Pingresp);
        }

        await client.NothingMoreAsync();
    }

    [Fact] // I9
    public async Task QoS0BeyondTheBoundDropsTheOldest()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Outbound.MaximumMessages = 300);
        var client = await StuckAsync(gateway, QoS.AtMostOnce, durable: false);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 1000; i++)
        {
            await publisher.PublishAsync("t", $"{i}");
        }

        var dropped = gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull");
        Assert.True(dropped >= 600);
        client.Transport.GoOnTaking();
        var received = new List<int>();
        for (var i = 0; i < 1000 - dropped; i++)
        {
            received.Add(int.Parse((await client.ExpectAsync(PacketType.Publish)).Text));
        }

        await client.NothingMoreAsync();
        Assert.Equal(received.Order(), received);
        Assert.Equal(999, received[^1]); // the newest are there
    }

    [Fact] // I9: messages of very different length
    public async Task BytesThatWaitAreBounded()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Outbound.MaximumBytes = 64 * 1024);
        await StuckAsync(gateway, QoS.AtMostOnce, durable: false);
        var publisher = await gateway.ConnectAsync("p");
        string large = new('x', 20_000);
        for (var i = 0; i < 1500; i++)
        {
            await publisher.PublishAsync("t", i < 1200 ? "small" : large);
        }

        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        Assert.InRange(session.WaitingBytes, 1, 64 * 1024);
    }

    [Theory]
    [InlineData(4000, 60)]
    [InlineData(100, 400)]
    public async Task ConnectionsQueueHoldsFewBytesAndFewMessagesAndTheSessionTheRest(int length, int messages) // I9
    {
        const int MostBytes = 128 * 1024, MostPublishes = 256;
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await StuckAsync(gateway, QoS.AtMostOnce, durable: false);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < messages; i++)
        {
            await publisher.PublishAsync("t", $"{i}:{new string('x', length)}");
        }

        var outbound = gateway.Connections.All.Single(connection => connection.Transport == client.Transport).Outbound;
        if (length > MostBytes / MostPublishes)
        {
            Assert.InRange(outbound.Bytes, MostBytes, MostBytes + length + 100); // it takes one message more when it is below
            Assert.InRange(outbound.Publishes, MostBytes / (length + 100), MostBytes / length + 1);
        }
        else
        {
            Assert.Equal(MostPublishes, outbound.Publishes);
        }

        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        Assert.Equal(messages, 1 + outbound.Publishes + session.Waiting); // one is in the write that hangs
        client.Transport.GoOnTaking();
        for (var i = 0; i < messages; i++)
        {
            Assert.StartsWith($"{i}:", (await client.ExpectAsync(PacketType.Publish)).Text);
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task QoS0InTheMiddleMakesRoomAndTheRestKeepsItsOrder() // I8, I9
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Outbound.MaximumMessages = 6);
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        foreach (var text in (string[])["sent", "1", "2", "zero", "3", "other zero", "4", "5", "6"]) // the last two find six that wait
        {
            await publisher.PublishAsync("t", text, text.EndsWith("zero", StringComparison.Ordinal) ? QoS.AtMostOnce : QoS.AtLeastOnce);
        }

        Assert.Equal(2, gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull"));
        foreach (var text in (string[])["sent", "1", "2", "3", "4", "5", "6"])
        {
            await client.ExpectPublishAsync(text);
        }

        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(QoS.AtLeastOnce)]
    [InlineData(QoS.ExactlyOnce)]
    public async Task EphemeralSessionThatIsFullIsDisconnected(QoS qos) // I9: 0x97
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Outbound.MaximumMessages = 300);
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", qos);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 302; i++)
        {
            await publisher.PublishAsync("t", $"{i}", qos);
        }

        await client.ExpectPublishAsync("0", acknowledge: false);
        await client.ExpectDisconnectAsync(ReasonCode.QuotaExceeded);
        await gateway.GoneAsync(client);
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_connections_closed_total", "QuotaExceeded"));
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull"));
        Assert.Equal(300, gateway.Metrics.Sum("mqtt_messages_dropped_total", "SessionEnded")); // what waited and went with it
    }

    [Fact]
    public async Task QoS0ThatFindsTheQueueFullOfOthersIsDroppedAndDisconnectsNobody() // I9
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Outbound.MaximumMessages = 3);
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        foreach (var text in (string[])["sent", "1", "2", "3"])
        {
            await publisher.PublishAsync("t", text, QoS.AtLeastOnce);
        }

        await publisher.PublishAsync("t", "zero");
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull"));
        foreach (var text in (string[])["sent", "1", "2", "3"])
        {
            await client.ExpectPublishAsync(text);
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task EphemeralSessionMayDropTheNewestInstead()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options =>
        {
            options.Outbound.MaximumMessages = 300;
            options.Outbound.WhenFull = FullQueuePolicy.DropNewest;
        });
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 400; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        var dropped = gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull");
        Assert.InRange(dropped, 98, 100);
        for (var i = 0; i < 400 - dropped; i++)
        {
            await client.ExpectPublishAsync($"{i}");
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task QoS0MakesRoomForQoS1()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Outbound.MaximumMessages = 300);
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "first", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "second", QoS.AtLeastOnce);
        for (var i = 0; i < 400; i++)
        {
            await publisher.PublishAsync("t", $"zero-{i}");
        }

        await publisher.PublishAsync("t", "third", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("first");
        await client.ExpectPublishAsync("second");
        while (await client.ReceiveAsync() is { } publish && publish.Text != "third")
        {
            Assert.Equal(QoS.AtMostOnce, publish.QoS);
        }
    }

    [Fact]
    public async Task DurableSessionKeepsMoreAndThenLosesItsOldest() // I7, I9
    {
        await using var gateway = await InMemoryGateway.StartAsync(options =>
        {
            options.Outbound.MaximumMessages = 10;
            options.Grains.OfflineQueueMaxMessages = 700;
        });
        var client = await gateway.ConnectAsync(
            "c", cleanStart: false, expiry: 1000, properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 2000; i++)
        {
            Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce));
        }

        var dropped = gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull");
        var received = new List<int>();
        while (received.LastOrDefault() < 1999)
        {
            received.Add(int.Parse((await client.ReceiveAsync())!.Text, CultureInfo.InvariantCulture)); // the broker keeps the connection
            client.Send(ClientPackets.Puback((ushort)received.Count));
        }

        await client.NothingMoreAsync();
        Assert.Equal(received.Order(), received);
        Assert.Equal(Enumerable.Range(0, 500), received.Take(500)); // what the gateway holds for it
        Assert.Equal(Enumerable.Range(1300, 700), received.TakeLast(700)); // and what the store does
        Assert.InRange(2000 - received.Count, 1, dropped);
    }

    [Theory]
    [InlineData(10, 3000)]
    [InlineData(10_000, 300)]
    public async Task DurableSessionHoldsAWindowHereAndLeavesTheRestInTheStore(int length, int messages) // I9
    {
        const int WindowMessages = 1000, WindowBytes = 512 * 1024; // and a page of as many once more
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await StuckAsync(gateway, QoS.AtLeastOnce, durable: true);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < messages; i += 20)
        {
            publisher.Send([.. Enumerable.Range(i, 20).SelectMany(n =>
                ClientPackets.Publish("t", $"{n}:{new string('x', length)}", QoS.AtLeastOnce, (ushort)(n - i + 1)))]);
            for (var n = 0; n < 20; n++)
            {
                await publisher.ExpectAsync(PacketType.Puback, (ushort)(n + 1));
            }
        }

        await Stuck.CalmAsync();
        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        Assert.InRange(session.Waiting, 1, 2 * WindowMessages);
        Assert.InRange(session.WaitingBytes, 1, 2 * WindowBytes);
        client.Transport.GoOnTaking();
        for (var i = 0; i < messages; i++)
        {
            var publish = await client.ExpectAsync(PacketType.Publish);
            Assert.StartsWith($"{i}:", publish.Text);
            client.Send(ClientPackets.Puback(publish.PacketId));
        }

        await client.NothingMoreAsync();
        await Stuck.CalmAsync();
        Assert.InRange((await gateway.SessionInfoAsync("c")).Queued, 0, 1000); // a thousand ends are reported at once: no time has passed
    }

    [Theory]
    [InlineData(QoS.AtMostOnce)]
    [InlineData(QoS.AtLeastOnce)]
    [InlineData(QoS.ExactlyOnce)]
    public async Task OthersAreServedWhileOneReadsNothing(QoS qos)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var stuck = await StuckAsync(gateway, qos, durable: true);
        var others = new List<MemoryClient>();
        for (var i = 0; i < 50; i++)
        {
            others.Add(await gateway.ConnectAsync($"o{i}"));
            await others[i].SubscribeAsync("t", qos);
        }

        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("t", $"{i}", qos));
            foreach (var other in others)
            {
                await other.ExpectPublishAsync($"{i}");
            }
        }

        stuck.Transport.GoOnTaking();
        for (var i = 0; i < 200; i++)
        {
            await stuck.ExpectPublishAsync($"{i}");
        }
    }

    [Fact] // a burst that waits for its grain keeps no other client waiting
    public async Task DeliveriesDoNotWaitForThePublishersNextPacket()
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        faults.Plan.MaximumDelay = TimeSpan.FromHours(1);
        var subscriber = await gateway.ConnectAsync("s");
        await subscriber.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry: 1000);
        var subscribes = 0;
        faults.Plan.Script = call =>
            call.Method == "ISessionStoreGrain.ApplyAsync" && Interlocked.Increment(ref subscribes) == 2 ? CallFault.Delay : null;
        publisher.Send([
            .. ClientPackets.Subscribe(1, "a", QoS.AtLeastOnce), .. ClientPackets.Publish("t", "first", QoS.AtLeastOnce, 2),
            .. ClientPackets.Pingreq(), .. ClientPackets.Subscribe(3, "b", QoS.AtLeastOnce), .. ClientPackets.Publish("t", "second", QoS.AtLeastOnce, 4)]);
        await publisher.ExpectAsync(PacketType.Suback, 1);
        await subscriber.ExpectPublishAsync("first");
        await publisher.ExpectAsync(PacketType.Puback, 2);
        await publisher.ExpectAsync(PacketType.Pingresp);
        var other = await gateway.ConnectAsync("o");
        await other.PublishAsync("t", "other", QoS.AtLeastOnce);
        await subscriber.ExpectPublishAsync("other");
        gateway.ExpectError(4503);
        await gateway.AdvanceUntilAsync(subscriber.ExpectPublishAsync("second"), "the publication behind the SUBSCRIBE");
        Assert.Equal([ReasonCode.UnspecifiedError], (await publisher.ExpectAsync(PacketType.Suback, 3)).Reasons);
        await publisher.ExpectAsync(PacketType.Puback, 4);
    }

    private static async Task<MemoryClient> StuckAsync(InMemoryGateway gateway, QoS qos, bool durable)
    {
        var client = await gateway.ConnectAsync("c", cleanStart: false, durable ? 1000u : 0u);
        await client.SubscribeAsync("t", qos);
        await client.NothingMoreAsync();
        client.Transport.StopTaking();
        return client;
    }
}
