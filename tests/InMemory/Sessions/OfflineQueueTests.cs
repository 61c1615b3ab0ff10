using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>Messages for durable sessions without a connection. MQTT 5 §4.1, [MQTT-3.1.2-5] of 3.1.1.</summary>
public sealed class OfflineQueueTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task QoS1And2WaitInOrderAndQoS0DoesNot(ProtocolVersion version)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await OfflineAsync(gateway, version);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 30; i++)
        {
            await publisher.PublishAsync("t", $"m{i}", (QoS)(i % 3));
        }

        Assert.Equal(20, (await gateway.SessionInfoAsync("c")).Queued);
        client = await BackAsync(gateway, version);
        for (var i = 0; i < 30; i++)
        {
            if (i % 3 != 0)
            {
                var publish = await client.ExpectPublishAsync($"m{i}");
                Assert.Equal((QoS)(i % 3), publish.QoS);
                Assert.False(publish.Dup);
            }
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task UnfinishedMessagesComeBeforeQueuedOnes() // I8
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await OfflineAsync(gateway);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m0", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("m0", acknowledge: false);
        await gateway.DropAsync(client);
        await publisher.PublishAsync("t", "m1", QoS.AtLeastOnce);
        client = await BackAsync(gateway);
        await publisher.PublishAsync("t", "m2", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("m0");
        await client.ExpectPublishAsync("m1");
        await client.ExpectPublishAsync("m2");
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task I8OrderHoldsThroughReconnectsWhileMessagesFlow()
    {
        const int Messages = 600;
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await OfflineAsync(gateway);
        var publisher = await gateway.ConnectAsync("p");
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < Messages; i++)
            {
                await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
            }
        });

        var random = new Random(1);
        var next = 0;
        while (next < Messages)
        {
            var take = random.Next(1, 30);
            while (take-- > 0 && next < Messages)
            {
                var publish = await client.ExpectAsync(PacketType.Publish);
                var number = int.Parse(publish.Text);
                Assert.InRange(number, 0, next); // a repetition of what was not acknowledged, or the next one
                if (number == next)
                {
                    next++;
                }
                else
                {
                    Assert.True(publish.Dup);
                }

                if (random.Next(10) > 0)
                {
                    client.Send(ClientPackets.Puback(publish.PacketId));
                }
            }

            if (random.Next(2) == 0)
            {
                await gateway.DropAsync(client);
            }

            client = await BackAsync(gateway);
        }

        await publishing.OrStuck("the publisher");
    }

    [Fact] // several pages of the store, and more than may wait in the gateway
    public async Task ALongQueueComesInOrderToAClientThatAcknowledgesManyAtOnce()
    {
        const int Messages = 4000, Window = 100;
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await OfflineAsync(gateway);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < Messages; i += 50)
        {
            publisher.Send([.. Enumerable.Range(i, 50).SelectMany(n => ClientPackets.Publish("t", $"{n}", QoS.AtLeastOnce, (ushort)(n % 50 + 1)))]);
            for (var n = 0; n < 50; n++)
            {
                await publisher.ExpectAsync(PacketType.Puback, (ushort)(n + 1));
            }
        }

        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, properties: new PropertyList { { PropertyId.ReceiveMaximum, Window } });
        var open = new List<byte>();
        for (var i = 0; i < Messages; i++)
        {
            var publish = await client.ExpectPublishAsync($"{i}", acknowledge: false);
            Assert.False(publish.Dup);
            open.AddRange(ClientPackets.Puback(publish.PacketId));
            if (i % Window == Window - 1)
            {
                await client.NothingMoreAsync(); // [MQTT-3.3.4-9]
                client.Send([.. open]);
                open.Clear();
            }
        }

        await client.NothingMoreAsync();
        await gateway.DropAsync(client);
        Assert.Equal(0, (await gateway.SessionInfoAsync("c")).Queued);
    }

    [Fact]
    public async Task ALongQueueIsReadAsTheClientTakesIt() // I9
    {
        const int Messages = 3500, Window = 1000; // and a page of as many once more
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await OfflineAsync(gateway);
        await gateway.DropAsync(client);
        await PublishManyAsync(await gateway.ConnectAsync("p"), Messages);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        for (var i = 0; i < Messages; i++)
        {
            if (i % 500 == 0)
            {
                await Stuck.CalmAsync();
                Assert.True(gateway.Sessions.TryGet("default/c", out var session));
                Assert.InRange(session.Waiting, 0, 2 * Window);
            }

            await client.ExpectPublishAsync($"{i}");
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task QoS0ThatWaitsForASlowClientEndsWithItsConnection() // MQTT 5 §4.1: the session is QoS 1 and 2
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        var client = await OfflineAsync(gateway);
        await client.NothingMoreAsync();
        client.Transport.StopTaking();
        for (var i = 0; i < 300; i++) // more than the connection's queue takes
        {
            await publisher.PublishAsync("t", $"{i}");
        }

        await publisher.PublishAsync("t", "kept", QoS.AtLeastOnce);
        await gateway.DropAsync(client);
        client = await BackAsync(gateway);
        await client.ExpectPublishAsync("kept");
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task QoS0ThatComesWhileConnectIsAnsweredIsDelivered()
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var client = await OfflineAsync(gateway);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "offline");
        await publisher.PublishAsync("t", "one", QoS.AtLeastOnce);
        faults.Break("ISessionStoreGrain.AttachAsync", CallFault.LateAnswer, times: 1);
        var connecting = BackAsync(gateway);
        await Stuck.UntilAsync(() => faults.Met == 1, "CONNECT to be in the store");
        await publisher.PublishAsync("t", "zero");
        await gateway.AdvanceUntilAsync(connecting, "CONNACK");
        client = await connecting;
        await client.ExpectPublishAsync("one"); // it is older
        await client.ExpectPublishAsync("zero");
        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PagesAreReadUntilThereIsNoneAndAnOldOneConcernsNoNewConnection(bool isTakeover)
    {
        const int Messages = 1500; // CONNECT brings a part of them
        var reads = 0;
        var faults = new GrainFaults();
        faults.Plan.Script = call => call.Method != "ISessionStoreGrain.ReadAsync" ? null
            : Interlocked.Increment(ref reads) == 1 && isTakeover ? CallFault.Delay : null;
        faults.Plan.MaximumDelay = TimeSpan.FromSeconds(4); // a call is given up after 5
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var client = await OfflineAsync(gateway);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        await PublishManyAsync(publisher, Messages);

        client = await BackAsync(gateway);
        if (isTakeover)
        {
            await Stuck.UntilAsync(() => Volatile.Read(ref reads) == 1, "the page to be asked for"); // the call is late, and then says that it is fenced
            await Stuck.CalmAsync();
            client = await BackAsync(gateway);
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(6));
        }

        for (var next = 0; next < Messages;)
        {
            var publish = await client.ExpectAsync(PacketType.Publish);
            var number = int.Parse(publish.Text, System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(number, 0, next); // some come again
            next = Math.Max(next, number + 1);
            client.Send(ClientPackets.Puback(publish.PacketId));
        }

        await client.NothingMoreAsync();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.InRange(reads, 1, 20);
    }

    [Fact] // news of the store about one connection may come when the next one has ended
    public async Task NoMessageIsWithoutReceiverWhileADurableClientComesAndGoes()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await OfflineAsync(gateway);
        var isOver = false;
        var published = 0;
        var publisher = await gateway.ConnectAsync("p");
        var publishing = Task.Run(async () =>
        {
            for (; published < 5000 && !Volatile.Read(ref isOver); published++)
            {
                Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("t", $"{published}", QoS.AtLeastOnce));
            }
        });
        for (var i = 0; i < 300 && !publishing.IsCompleted; i++)
        {
            await (i % 2 == 0 ? gateway.DropAsync(client) : gateway.DisconnectAsync(client));
            client = await BackAsync(gateway);
        }

        Volatile.Write(ref isOver, true);
        await publishing.OrStuck("the publisher");
        await gateway.DropAsync(client);
        Assert.Equal(published, (await gateway.SessionInfoAsync("c")).Queued);
    }

    [Fact]
    public async Task OldestMessageGoesWhenTheQueueIsFull() // I7, I9: counted
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Grains.OfflineQueueMaxMessages = 10);
        var client = await OfflineAsync(gateway);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 25; i++)
        {
            await publisher.PublishAsync("t", $"m{i}", QoS.AtLeastOnce);
        }

        Assert.Equal(15, gateway.Metrics.Sum("grainmq.messages.dropped", "queue_full"));
        Assert.Equal(15, gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull")); // and by the gateway that published them
        client = await BackAsync(gateway);
        for (var i = 15; i < 25; i++)
        {
            await client.ExpectPublishAsync($"m{i}");
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task QoS2MessageThatAFullQueueDroppedOnItsWayIsNotSent() // [MQTT-2.2.1-4] its packet identifier would be used again
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Grains.OfflineQueueMaxMessages = 2);
        var client = await gateway.ConnectAsync(
            "c", cleanStart: false, expiry: 1000, properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m0", QoS.ExactlyOnce);
        var first = await client.ExpectPublishAsync("m0", acknowledge: false);
        for (var i = 1; i < 5; i++)
        {
            await publisher.PublishAsync("t", $"m{i}", QoS.ExactlyOnce); // they wait for m0, and the queue has room for two
        }

        client.Send(ClientPackets.Pubrec(first.PacketId));
        await client.ExpectAsync(PacketType.Pubrel, first.PacketId);
        client.Send(ClientPackets.Pubcomp(first.PacketId));
        var open = await client.ExpectPublishAsync("m3", acknowledge: false);
        await gateway.DropAsync(client);
        client = await BackAsync(gateway);
        var again = await client.ExpectPublishAsync("m3", acknowledge: false);
        Assert.Equal((open.PacketId, true), (again.PacketId, again.Dup));
        Assert.NotEqual(open.PacketId, (await client.ExpectPublishAsync("m4", acknowledge: false)).PacketId);
        await client.NothingMoreAsync();
        Assert.Equal(2, gateway.Metrics.Sum("grainmq.messages.dropped", "queue_full"));
    }

    [Fact]
    public async Task BytesOfTheQueueAreBoundedToo() // I9
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Grains.OfflineQueueMaxBytes = 10_000);
        var client = await OfflineAsync(gateway);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync("t", new string((char)('a' + i), 1000), QoS.AtLeastOnce);
        }

        var queued = (await gateway.SessionInfoAsync("c")).Queued;
        Assert.InRange(queued, 8, 10);
        Assert.Equal(20 - queued, gateway.Metrics.Sum("grainmq.messages.dropped", "queue_full"));
        client = await BackAsync(gateway);
        for (var i = 20 - queued; i < 20; i++)
        {
            await client.ExpectPublishAsync(new string((char)('a' + i), 1000));
        }
    }

    [Fact]
    public async Task DeliveryQoSIsThatOfTheSubscriptionAtPublication()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.ExactlyOnce);
        client = await BackAsync(gateway);
        Assert.Equal(QoS.AtLeastOnce, (await client.ExpectPublishAsync("m")).QoS);
    }

    [Fact]
    public async Task QueuedMessagesKeepPropertiesAndIdentifiers()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce, identifier: 7, retainAsPublished: true);
        await client.SubscribeAsync("+", QoS.AtLeastOnce, identifier: 300);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, retain: true, properties: new PropertyList { { PropertyId.ContentType, "x" }, { "k", "v" } });
        client = await BackAsync(gateway);
        var publish = await client.ExpectPublishAsync("m");
        Assert.True(publish.Retain);
        Assert.Equal([7u, 300u], publish.Numbers(PropertyId.SubscriptionIdentifier).Order());
        Assert.Equal("x", publish.String(PropertyId.ContentType));
        Assert.Equal("k=v", publish.String(PropertyId.UserProperty));
        await client.NothingMoreAsync(); // one copy for both filters
    }

    [Fact]
    public async Task SeveralThousandQueuedMessagesAllArrive()
    {
        const int Messages = 3000;
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await OfflineAsync(gateway);
        await gateway.DropAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < Messages; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        client = await BackAsync(gateway);
        for (var i = 0; i < Messages; i++)
        {
            await client.ExpectPublishAsync($"{i}");
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task WaitingMessagesOfASlowClientGoToTheStoreWhenItLeaves()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync(
            "c", cleanStart: false, expiry: 1000, properties: new PropertyList { { PropertyId.ReceiveMaximum, 2 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 10; i++)
        {
            await publisher.PublishAsync("t", $"m{i}", QoS.AtLeastOnce);
        }

        await client.ExpectPublishAsync("m0", acknowledge: false);
        await client.ExpectPublishAsync("m1", acknowledge: false);
        await client.NothingMoreAsync();
        await gateway.DropAsync(client);
        Assert.Equal(10, (await gateway.SessionInfoAsync("c")).Queued);

        client = await BackAsync(gateway);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(i < 2, (await client.ExpectPublishAsync($"m{i}")).Dup);
        }
    }

    private static async Task PublishManyAsync(MemoryClient publisher, int messages)
    {
        for (var i = 0; i < messages; i += 50)
        {
            publisher.Send([.. Enumerable.Range(i, 50).SelectMany(n => ClientPackets.Publish("t", $"{n}", QoS.AtLeastOnce, (ushort)((n % 50) + 1)))]);
            for (var n = 0; n < 50; n++)
            {
                await publisher.ExpectAsync(PacketType.Puback, (ushort)(n + 1));
            }
        }
    }

    private static async Task<MemoryClient> OfflineAsync(InMemoryGateway gateway, ProtocolVersion version = ProtocolVersion.Mqtt5)
    {
        var client = await gateway.ConnectAsync("c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 1000 : null, version);
        await client.SubscribeAsync("t", QoS.ExactlyOnce);
        return client;
    }

    private static Task<MemoryClient> BackAsync(InMemoryGateway gateway, ProtocolVersion version = ProtocolVersion.Mqtt5) => gateway.ConnectAsync(
        "c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 1000 : null, version,
        sessionPresent: version == ProtocolVersion.Mqtt31 ? null : true);
}
