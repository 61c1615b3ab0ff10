using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>Deliveries whose connection breaks after each step of the handshake. MQTT 5 §4.3, §4.4.</summary>
public sealed class OutboundResumeTests
{
    /// <summary>Longer than one write (64 KB): it is not in the write of CONNACK that hangs, but waits behind it.</summary>
    private static readonly string Long = new('x', 70_000);

    public static TheoryData<ProtocolVersion> Versions => [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task QoS1AfterPublish(ProtocolVersion version)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, version, QoS.AtLeastOnce);
        await PublishAsync(gateway, "m", QoS.AtLeastOnce);
        var first = await client.ExpectPublishAsync("m", acknowledge: false);
        Assert.False(first.Dup);

        client = await BackAsync(gateway, client, version);
        var second = await client.ExpectPublishAsync("m", acknowledge: false);
        Assert.True(second.Dup); // [MQTT-3.3.1-1]
        Assert.Equal(first.PacketId, second.PacketId);
        client = await BackAsync(gateway, client, version);
        Assert.True((await client.ExpectPublishAsync("m")).Dup);

        client = await BackAsync(gateway, client, version);
        await client.NothingMoreAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task QoS2AfterPublish(ProtocolVersion version)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, version, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        var first = await client.ExpectPublishAsync("m", acknowledge: false);

        client = await BackAsync(gateway, client, version);
        var second = await client.ExpectPublishAsync("m");
        Assert.True(second.Dup);
        Assert.Equal(first.PacketId, second.PacketId);
        client = await BackAsync(gateway, client, version);
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task QoS2ThatTheClientRefusedIsOverInTheStoreToo() // [MQTT-4.3.3-4]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        var refused = await client.ExpectPublishAsync("m", acknowledge: false);
        client.Send(ClientPackets.Pubrec(refused.PacketId, reason: ReasonCode.QuotaExceeded));
        await client.NothingMoreAsync();

        client = await BackAsync(gateway, client, ProtocolVersion.Mqtt5);
        await client.NothingMoreAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task QoS2AfterPubrec(ProtocolVersion version) // [MQTT-4.3.3-5]: PUBREL, never the PUBLISH again
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, version, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m", acknowledge: false);
        client.Send(ClientPackets.Pubrec(publish.PacketId, version));
        await client.ExpectAsync(PacketType.Pubrel, publish.PacketId);

        for (var i = 0; i < 2; i++)
        {
            client = await BackAsync(gateway, client, version);
            await client.ExpectAsync(PacketType.Pubrel, publish.PacketId);
            await client.NothingMoreAsync();
        }

        client.Send(ClientPackets.Pubcomp(publish.PacketId, version));
        await client.NothingMoreAsync();
        client = await BackAsync(gateway, client, version);
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task RepeatedPubrecIsAnsweredByPubrelAgain()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m", acknowledge: false);
        for (var i = 0; i < 3; i++)
        {
            client.Send(ClientPackets.Pubrec(publish.PacketId));
            await client.ExpectAsync(PacketType.Pubrel, publish.PacketId);
        }
    }

    [Fact]
    public async Task PubrecThatRefusesEndsTheDelivery() // [MQTT-4.3.3-4]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m", acknowledge: false);
        client.Send(ClientPackets.Pubrec(publish.PacketId, ProtocolVersion.Mqtt5, ReasonCode.QuotaExceeded));
        await client.NothingMoreAsync();
        client = await BackAsync(gateway, client, ProtocolVersion.Mqtt5);
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task PubrecThatRefusesWhatWasReceivedEndsNothing() // [MQTT-4.3.3-4]: the message is the client's, PUBREL is owed
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m", acknowledge: false);
        client.Send(ClientPackets.Pubrec(publish.PacketId));
        await client.ExpectAsync(PacketType.Pubrel, publish.PacketId);
        client.Send(ClientPackets.Pubrec(publish.PacketId, ProtocolVersion.Mqtt5, ReasonCode.QuotaExceeded));
        await client.NothingMoreAsync();
        client = await BackAsync(gateway, client, ProtocolVersion.Mqtt5);
        await client.ExpectAsync(PacketType.Pubrel, publish.PacketId);
    }

    [Fact]
    public async Task PubcompWithoutPubrecEndsTheConnectionAndNoDelivery() // [MQTT-4.3.3-5]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m", acknowledge: false);
        client.Send(ClientPackets.Pubcomp(publish.PacketId));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        client = await BackAsync(gateway, client, ProtocolVersion.Mqtt5);
        Assert.Equal(publish.PacketId, (await client.ExpectPublishAsync("m")).PacketId);
    }

    [Fact]
    public async Task PubcompOfWhatThisConnectionHasNotRepeatedIsLateWordOfAnEarlierOne()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        await PublishAsync(gateway, "a", QoS.ExactlyOnce);
        await PublishAsync(gateway, "b", QoS.ExactlyOnce);
        await client.ExpectPublishAsync("a", acknowledge: false);
        var second = await client.ExpectPublishAsync("b", acknowledge: false);
        await gateway.DropAsync(client);

        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        var first = await client.ExpectPublishAsync("a", acknowledge: false);
        client.Send(ClientPackets.Pubcomp(second.PacketId));
        await client.NothingMoreAsync();
        await client.FinishAsync(first);
        Assert.True((await client.ExpectPublishAsync("b")).Dup);
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task PubrecOfAnUnknownIdentifierGets0x92()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        client.Send(ClientPackets.Pubrec(77));
        Assert.Equal(ReasonCode.PacketIdentifierNotFound, (await client.ExpectAsync(PacketType.Pubrel, 77)).Reason);
    }

    [Fact]
    public async Task MixedDeliveriesComeBackInTheOrderOfSending() // [MQTT-4.6.0-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 6; i++)
        {
            await publisher.PublishAsync("t", $"m{i}", i % 2 == 0 ? QoS.AtLeastOnce : QoS.ExactlyOnce);
        }

        var sent = new List<ServerPacket>();
        for (var i = 0; i < 6; i++)
        {
            sent.Add(await client.ExpectPublishAsync($"m{i}", acknowledge: false));
        }

        await client.FinishAsync(sent[2]);
        client.Send(ClientPackets.Pubrec(sent[3].PacketId));
        await client.ExpectAsync(PacketType.Pubrel, sent[3].PacketId);
        await client.NothingMoreAsync();

        client = await BackAsync(gateway, client, ProtocolVersion.Mqtt5);
        foreach (var i in (int[])[0, 1, 3, 4, 5])
        {
            if (i == 3)
            {
                await client.ExpectAsync(PacketType.Pubrel, sent[3].PacketId);
                continue;
            }

            var again = await client.ExpectPublishAsync($"m{i}", acknowledge: false);
            Assert.Equal(sent[i].PacketId, again.PacketId);
            Assert.True(again.Dup);
        }

        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task MessagesThatNeverLeftHaveNoDup() // [MQTT-3.3.1-1]: only a repetition has it
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.AtLeastOnce);
        await client.NothingMoreAsync();
        client.Transport.StopTaking();
        for (var i = 0; i < 5; i++)
        {
            await PublishAsync(gateway, $"m{i}", QoS.AtLeastOnce); // the first is in the write that hangs, the others wait behind it
        }

        client = await BackAsync(gateway, client, ProtocolVersion.Mqtt5);
        await client.ExpectPublishAsync("m0");
        for (var i = 1; i < 5; i++)
        {
            Assert.False((await client.ExpectPublishAsync($"m{i}")).Dup);
        }
    }

    [Fact]
    public async Task ARepetitionThatNeverLeftKeepsItsDup()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        const int Messages = 400; // more than one write takes, and more than the connection's queue
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < Messages; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
            await client.ExpectPublishAsync($"{i}", acknowledge: false);
        }

        await gateway.DropAsync(client);
        var stuck = gateway.Open();
        stuck.Transport.StopTaking();
        stuck.Connect("c", cleanStart: false, expiry: 1000);
        await Stuck.UntilAsync(() => gateway.Sessions.TryGet("default/c", out var session) && session.Connection is not null, "the session");
        await gateway.DropAsync(stuck);

        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        for (var i = 0; i < Messages; i++)
        {
            Assert.True((await client.ExpectPublishAsync($"{i}")).Dup);
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task RepetitionThatNeverLeftKeepsDupAndIdentifierForTheNextConnection(bool isRetained, bool isTakeover) // [MQTT-3.3.1-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("r", Long, QoS.AtLeastOnce, retain: true);
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.AtLeastOnce);
        if (isRetained)
        {
            await client.SubscribeAsync("r", QoS.AtLeastOnce); // the session alone knows of this delivery, not the store
        }
        else
        {
            await publisher.PublishAsync("t", Long, QoS.AtLeastOnce);
        }

        var first = await client.ExpectPublishAsync(Long, acknowledge: false);
        Assert.False(first.Dup);
        for (var i = 0; i < 2; i++)
        {
            client = await StuckAsync(gateway, client, isTakeover);
        }

        client = await NextAsync(gateway, client, isTakeover);
        var again = await client.ExpectPublishAsync(Long, acknowledge: false);
        Assert.Equal((true, first.PacketId), (again.Dup, again.PacketId));
        client.Send(ClientPackets.Puback(again.PacketId));
        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task FirstPublishThatNeverLeftHasNoDupHoweverManyConnectionsEnd(bool isRetained, bool isTakeover) // [MQTT-3.3.1-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("r", Long, QoS.AtLeastOnce, retain: true);
        client = await StuckAsync(gateway, client, isTakeover);
        if (isRetained)
        {
            client.Send(ClientPackets.Subscribe(client.NextPacketId(), "r", QoS.AtLeastOnce));
        }
        else
        {
            await PublishAsync(gateway, Long, QoS.AtLeastOnce);
        }

        await Stuck.CalmAsync();
        client = await StuckAsync(gateway, client, isTakeover);
        client = await NextAsync(gateway, client, isTakeover);
        var first = await client.ExpectPublishAsync(Long, acknowledge: false);
        Assert.False(first.Dup);
        client = await NextAsync(gateway, client, isTakeover);
        var second = await client.ExpectPublishAsync(Long);
        Assert.Equal((true, first.PacketId), (second.Dup, second.PacketId));
    }

    [Fact]
    public async Task PublishThatFoundTheConnectionClosingHasNoDup() // [MQTT-3.3.1-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.AtLeastOnce);
        var connection = gateway.Connections.All.Single();
        using (await gateway.Sessions.Turns.TakeAsync("default/c")) // the session keeps its connection until this turn is over
        {
            client.Drop();
            await Stuck.UntilAsync(() => connection.Outbound.IsCompleted, "the connection to close");
            await PublishAsync(gateway, "m", QoS.AtLeastOnce);
            await Stuck.CalmAsync();
        }

        await gateway.GoneAsync(client);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        Assert.False((await client.ExpectPublishAsync("m")).Dup);
    }

    [Fact]
    public async Task PubrecThatComesBeforeTheRepetitionIsCommittedIsAnsweredInItsPlace() // [MQTT-4.3.3-4]
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        var first = await client.ExpectPublishAsync("m", acknowledge: false);
        await gateway.DropAsync(client);
        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.Delay, times: 1);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await Stuck.UntilAsync(() => faults.Met == 1, "the commit of the repetition");
        client.Send(ClientPackets.Pubrec(first.PacketId));
        await Stuck.CalmAsync();
        await gateway.AdvanceUntilAsync(client.ExpectAsync(PacketType.Pubrel, first.PacketId), "PUBREL");
        client.Send(ClientPackets.Pubcomp(first.PacketId));
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task QoS1WaitsForTheStoreOnlyBehindQoS2ThatDoes() // [MQTT-4.6.0-6]
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.ExactlyOnce);
        await PublishAsync(gateway, "two", QoS.ExactlyOnce);
        await client.ExpectPublishAsync("two");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(2));
        faults.Plan.MaximumDelay = TimeSpan.FromHours(1);
        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.Delay);
        await PublishAsync(gateway, "one", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("one", acknowledge: false); // no report is answered
        await PublishAsync(gateway, "two again", QoS.ExactlyOnce);
        await PublishAsync(gateway, "one behind it", QoS.AtLeastOnce);
        await Stuck.CalmAsync();
        await client.NothingMoreAsync();
        faults.Heal();
        await gateway.AdvanceUntilAsync(client.ExpectPublishAsync("two again", acknowledge: false), "QoS 2"); // the call is repeated after 5 s
        await client.ExpectPublishAsync("one behind it");
    }

    [Fact]
    public async Task PacketIdentifiersAreNotUsedTwiceAtOnceAcrossConnections() // [MQTT-2.2.1-4]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway, ProtocolVersion.Mqtt5, QoS.AtLeastOnce);
        var open = new Dictionary<ushort, string>();
        for (var round = 0; round < 5; round++)
        {
            await PublishAsync(gateway, $"m{round}", QoS.AtLeastOnce);
            var ids = new HashSet<ushort>();
            for (var i = 0; i <= round; i++)
            {
                var publish = await client.ExpectAsync(PacketType.Publish);
                Assert.True(ids.Add(publish.PacketId));
                Assert.Equal(publish.Text, open.GetValueOrDefault(publish.PacketId, publish.Text));
                open[publish.PacketId] = publish.Text;
            }

            client = await BackAsync(gateway, client, ProtocolVersion.Mqtt5);
        }
    }

    [Fact]
    public async Task EphemeralSessionRepeatsNothing()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await PublishAsync(gateway, "m", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("m", acknowledge: false);
        await client.NothingMoreAsync(); // no repetition while the connection lives [MQTT-4.4.0-1]
        await gateway.AdvanceAsync(TimeSpan.FromMinutes(2));
        await client.NothingMoreAsync();
        await gateway.DropAsync(client);
        client = await gateway.ConnectAsync("c", cleanStart: false);
        await client.NothingMoreAsync();
    }

    private static async Task<MemoryClient> SubscribedAsync(InMemoryGateway gateway, ProtocolVersion version, QoS qos)
    {
        var client = await gateway.ConnectAsync("c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 1000 : null, version);
        await client.SubscribeAsync("t", qos);
        return client;
    }

    private static async Task<MemoryClient> BackAsync(InMemoryGateway gateway, MemoryClient client, ProtocolVersion version)
    {
        await gateway.DropAsync(client);
        return await gateway.ConnectAsync(
            "c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 1000 : null, version,
            sessionPresent: version == ProtocolVersion.Mqtt31 ? null : true);
    }

    /// <summary>The client's next connection, which takes nothing of what the server says after it was accepted.</summary>
    private static async Task<MemoryClient> StuckAsync(InMemoryGateway gateway, MemoryClient before, bool isTakeover)
    {
        if (!isTakeover)
        {
            await gateway.DropAsync(before);
        }

        var stuck = gateway.Open();
        stuck.Transport.StopTaking();
        stuck.Connect("c", cleanStart: false, expiry: 1000);
        await Stuck.UntilAsync(
            () => gateway.Sessions.TryGet("default/c", out var session) && session.Connection?.Transport == stuck.Transport, "the session");
        await Stuck.CalmAsync();
        return stuck;
    }

    private static async Task<MemoryClient> NextAsync(InMemoryGateway gateway, MemoryClient before, bool isTakeover)
    {
        if (!isTakeover)
        {
            await gateway.DropAsync(before);
        }

        return await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
    }

    private static async Task PublishAsync(InMemoryGateway gateway, string text, QoS qos)
    {
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("t", text, qos));
    }
}
