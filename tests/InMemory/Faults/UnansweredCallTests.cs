using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>Grains that do not answer, and answers that are lost: what the client is told, and that nothing acknowledged is lost.</summary>
public sealed class UnansweredCallTests
{
    private const int CloseFailed = 4405, OpenFailed = 4502, SubscribeFailed = 4503, UnsubscribeFailed = 4504, OfflineFailed = 4400, RetainFailed = 4401;

    public static TheoryData<CallFault> Faults => [CallFault.Delay, CallFault.TimeoutBefore, CallFault.TimeoutAfter];

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, 3, CallFault.Delay)]
    [InlineData(ProtocolVersion.Mqtt311, 3, CallFault.TimeoutBefore)]
    [InlineData(ProtocolVersion.Mqtt5, 0x88, CallFault.Delay)]
    [InlineData(ProtocolVersion.Mqtt5, 0x88, CallFault.TimeoutBefore)]
    [InlineData(ProtocolVersion.Mqtt5, 0x88, CallFault.TimeoutAfter)]
    public async Task ConnectIsRefusedWhenNobodyAnswers(ProtocolVersion version, int code, CallFault fault)
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(OpenFailed);
        gateway.ExpectError(CloseFailed);
        faults.Break("ISessionStoreGrain.AttachAsync", fault);
        var client = gateway.Open();
        client.Connect("c", version: version);
        var connack = client.ExpectAsync(PacketType.Connack);
        await gateway.AdvanceUntilAsync(connack, "CONNACK");
        Assert.Equal(code, (int)(await connack).Reason);
        await client.ExpectClosedAsync();

        faults.Heal();
        var next = gateway.Open();
        next.Connect("c", version: version);
        connack = next.ExpectAsync(PacketType.Connack);
        await gateway.AdvanceUntilAsync(connack, "the next CONNACK");
        Assert.Equal(ReasonCode.Success, (await connack).Reason);
        await next.NothingMoreAsync();
    }

    [Fact]
    public async Task ShortOutageIsNotEvenNoticed()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        faults.Break("ISessionStoreGrain.AttachAsync", CallFault.TimeoutAfter, times: 3);
        var client = gateway.Open();
        client.Connect("c", cleanStart: false, expiry: 100);
        var connack = client.ExpectAsync(PacketType.Connack);
        await gateway.AdvanceUntilAsync(connack, "CONNACK");
        Assert.Equal(ReasonCode.Success, (await connack).Reason);
        faults.Break("ISessionStoreGrain.ApplyAsync", CallFault.TimeoutBefore, times: 3);
        await gateway.AdvanceUntilAsync(client.SubscribeAsync("t", QoS.AtLeastOnce), "SUBACK");
        faults.Break("ISessionStoreGrain.ApplyAsync", CallFault.TimeoutAfter, times: 3);
        var unsuback = client.UnsubscribeAsync("t");
        await gateway.AdvanceUntilAsync(unsuback, "UNSUBACK");
        Assert.Equal([ReasonCode.Success], (await unsuback).Reasons);
        faults.Break("ISessionStoreGrain.DetachAsync", CallFault.TimeoutAfter, times: 3);
        await gateway.AdvanceUntilAsync(gateway.DropAsync(client), "the close");
        Assert.Null((await gateway.SessionInfoAsync("c")).Owner);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task SubscribeIsRefusedWhenNobodyAnswers(ProtocolVersion version)
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(SubscribeFailed);
        var client = await gateway.ConnectAsync("c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 100 : null, version);
        faults.Break("ISessionStoreGrain.ApplyAsync", CallFault.TimeoutBefore);
        var suback = client.SubscribeAsync([("t", 1), ("u", 1)]);
        await gateway.AdvanceUntilAsync(suback, "SUBACK");
        Assert.Equal([ReasonCode.UnspecifiedError, ReasonCode.UnspecifiedError], (await suback).Reasons);
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("t", "m", QoS.AtLeastOnce));
        faults.Heal();
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("m");
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task UnsubscribeIsRefusedWhenNobodyAnswers(ProtocolVersion version)
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(UnsubscribeFailed);
        var client = await gateway.ConnectAsync("c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 100 : null, version);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        faults.Break("ISessionStoreGrain.ApplyAsync", CallFault.TimeoutBefore);
        client.Send(ClientPackets.Unsubscribe(9, "t", version));
        var answer = client.ReceiveAsync();
        await gateway.AdvanceUntilAsync(answer, "the answer");
        if (version == ProtocolVersion.Mqtt5)
        {
            Assert.Equal([ReasonCode.UnspecifiedError], (await answer)!.Reasons);
            var publisher = await gateway.ConnectAsync("p");
            await publisher.PublishAsync("t", "still", QoS.AtLeastOnce);
            await client.ExpectPublishAsync("still");
        }
        else
        {
            Assert.Null(await answer); // it has no way to say no
        }
    }

    [Fact]
    public async Task RepeatedSubscribeIsNotMadeInTheNameOfTheNextConnection()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        var first = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        faults.Break("ISessionStoreGrain.ApplyAsync", CallFault.TimeoutBefore, times: 1);
        first.Send(ClientPackets.Subscribe(1, "t", QoS.AtLeastOnce));
        await Stuck.UntilAsync(() => faults.Met > 0, "the first attempt");
        var second = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, sessionPresent: true);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Empty((await gateway.SessionInfoAsync("c")).Subscriptions);
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("t", "m", QoS.AtLeastOnce));
        await second.NothingMoreAsync();
    }

    [Theory]
    [InlineData("ISessionStoreGrain.QueueAsync", OfflineFailed, false)]
    [InlineData("IRetainGrain.SetAsync", RetainFailed, true)]
    public async Task I5PublishIsRefusedWhenItsPromiseCannotBeKept(string method, int error, bool retain)
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(error);
        await OfflineAsync(gateway, "offline");
        var publisher = await gateway.ConnectAsync("p");
        var older = await gateway.ConnectAsync("o", version: ProtocolVersion.Mqtt311);
        faults.Break(method, CallFault.TimeoutBefore);
        publisher.Send([
            .. ClientPackets.Publish("t", "1", QoS.AtLeastOnce, 1, retain), .. ClientPackets.Publish("t", "2", QoS.ExactlyOnce, 2, retain)]);
        older.Send(ClientPackets.Publish("t", "3", QoS.AtLeastOnce, 3, retain, version: ProtocolVersion.Mqtt311));
        var puback = publisher.ExpectAsync(PacketType.Puback, 1);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(25));
        Assert.False(puback.IsCompleted); // the shard may come back
        await gateway.AdvanceUntilAsync(puback, "PUBACK");
        Assert.Equal(ReasonCode.UnspecifiedError, (await puback).Reason);
        await gateway.AdvanceUntilAsync(publisher.ExpectClosedAsync(), "the publisher to be closed"); // a refusal would say that no session has it
        await gateway.AdvanceUntilAsync(older.ExpectClosedAsync(), "the older client to be closed"); // it sends the message again
    }

    [Fact]
    public async Task I5AcknowledgementWaitsForTheShardThatComesBack()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        await OfflineAsync(gateway, "offline");
        var publisher = await gateway.ConnectAsync("p");
        faults.Break("ISessionStoreGrain.QueueAsync", CallFault.TimeoutAfter);
        var published = publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.False(published.IsCompleted);
        faults.Heal();
        await gateway.AdvanceUntilAsync(published, "PUBACK");
        Assert.Equal(ReasonCode.Success, await published);
        var client = await gateway.ConnectAsync("offline", cleanStart: false, expiry: 1000, sessionPresent: true);
        await client.ExpectPublishAsync("m");
        await client.NothingMoreAsync(); // I6: taken once, however often it was sent
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, CallFault.TimeoutBefore)]
    [InlineData(ProtocolVersion.Mqtt5, CallFault.TimeoutBefore)]
    [InlineData(ProtocolVersion.Mqtt311, CallFault.TimeoutAfter)]
    [InlineData(ProtocolVersion.Mqtt5, CallFault.TimeoutAfter)]
    public async Task QoS2PublicationThatWasPerhapsStoredIsNotRefusedAndComesOnce(ProtocolVersion version, CallFault fault) // [MQTT-4.3.3-13]
    {
        var (gateway, faults) = await StartAsync(storeShards: 1);
        await using var _ = gateway;
        gateway.ExpectError(OfflineFailed);
        await OfflineAsync(gateway, "offline");
        uint? expiry = version == ProtocolVersion.Mqtt5 ? 1000 : null;
        var publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry, version);
        faults.Break("ISessionStoreGrain.QueueAsync", fault);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7, version: version));
        await gateway.AdvanceUntilAsync(publisher.ExpectClosedAsync(), "the connection to end");
        faults.Heal();
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(publisher), "the connection to be handed back");
        publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry, version, sessionPresent: true);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7, dup: true, version: version));
        Assert.Equal(ReasonCode.Success, (await publisher.ExpectAsync(PacketType.Pubrec, 7)).Reason);
        publisher.Send(ClientPackets.Pubrel(7, version));
        await publisher.ExpectAsync(PacketType.Pubcomp, 7);
        await publisher.PublishAsync("t", "next", QoS.ExactlyOnce);
        var client = await gateway.ConnectAsync("offline", cleanStart: false, expiry: 1000, sessionPresent: true);
        await client.ExpectPublishAsync("m");
        await client.ExpectPublishAsync("next");
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task I5RepetitionOnTheNextConnectionWaitsForThePromiseOfTheFirst()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        await OfflineAsync(gateway, "offline");
        var publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry: 1000);
        faults.Break("ISessionStoreGrain.QueueAsync", CallFault.TimeoutBefore);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7));
        await Stuck.UntilAsync(() => faults.Met > 0, "the first attempt");
        publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry: 1000, sessionPresent: true);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7, dup: true));
        var pubrec = publisher.ExpectAsync(PacketType.Pubrec, 7);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.False(pubrec.IsCompleted);
        faults.Heal();
        await gateway.AdvanceUntilAsync(pubrec, "PUBREC");
        var client = await gateway.ConnectAsync("offline", cleanStart: false, expiry: 1000, sessionPresent: true);
        await client.ExpectPublishAsync("m");
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task I5CloseDoesNotSayThatAQueueHasWhatIsStillOnItsWay()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(OfflineFailed);
        await OfflineAsync(gateway, "offline");
        var publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry: 1000);
        faults.Break("ISessionStoreGrain.QueueAsync", CallFault.TimeoutBefore);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7));
        await Stuck.UntilAsync(() => faults.Met > 0, "the first attempt");
        publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry: 1000, sessionPresent: true);
        publisher.Drop(); // a connection that waits for no acknowledgement
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(publisher), "the connection to be handed back");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(35)); // by now the batch is given up
        faults.Heal();
        publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry: 1000, sessionPresent: true);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7, dup: true));
        await publisher.ExpectAsync(PacketType.Pubrec, 7);
        var client = await gateway.ConnectAsync("offline", cleanStart: false, expiry: 1000, sessionPresent: true);
        await client.ExpectPublishAsync("m");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task I11LostConnectLosesNoMessages(CallFault fault)
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(OpenFailed);
        gateway.ExpectError(CloseFailed);
        await OfflineAsync(gateway, "c");
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QoS.AtLeastOnce);
        faults.Break("ISessionStoreGrain.AttachAsync", fault);
        var refused = gateway.Open();
        refused.Connect("c", cleanStart: false, expiry: 1000);
        await gateway.AdvanceUntilAsync(refused.ExpectAsync(PacketType.Connack), "the refusal");
        faults.Heal();
        Assert.Equal(ReasonCode.Success, await gateway.PublishWhileTimePassesAsync(publisher, "t", "2"));

        var client = await gateway.ConnectWhileTimePassesAsync("c");
        await publisher.PublishAsync("t", "3", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("1");
        await client.ExpectPublishAsync("2");
        await client.ExpectPublishAsync("3");
        await client.NothingMoreAsync();
        await gateway.DropAsync(client);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await client.NothingMoreAsync();
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task I11LostTakeoverLosesNoMessages(CallFault fault)
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(OpenFailed);
        gateway.ExpectError(CloseFailed);
        var old = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await old.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QoS.AtLeastOnce);
        await old.ExpectPublishAsync("1", acknowledge: false);
        faults.Break("ISessionStoreGrain.AttachAsync", fault);
        var refused = gateway.Open();
        refused.Connect("c", cleanStart: false, expiry: 1000);
        await gateway.AdvanceUntilAsync(refused.ExpectAsync(PacketType.Connack), "the refusal");
        await publisher.PublishAsync("t", "2", QoS.AtLeastOnce);
        await old.ExpectPublishAsync("2", acknowledge: false); // the old connection is served as long as no other has taken over
        faults.Heal();
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(refused), "the refused connection to be handed back");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(ReasonCode.Success, await gateway.PublishWhileTimePassesAsync(publisher, "t", "3"));

        var client = await gateway.ConnectWhileTimePassesAsync("c");
        await client.ExpectPublishAsync("1");
        await client.ExpectPublishAsync("2");
        await client.ExpectPublishAsync("3");
        await client.NothingMoreAsync();
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task I11LostCloseLosesNothing(CallFault fault)
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(CloseFailed);
        gateway.ExpectError(OpenFailed);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("1", acknowledge: false);
        faults.Break("ISessionStoreGrain.DetachAsync", fault);
        client.Drop();
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(client), "the connection to be handed back");
        Assert.Equal(ReasonCode.Success, await gateway.PublishWhileTimePassesAsync(publisher, "t", "2"));
        var refused = gateway.Open();
        refused.Connect("c", cleanStart: false, expiry: 1000);
        var connack = refused.ExpectAsync(PacketType.Connack);
        await gateway.AdvanceUntilAsync(connack, "the refusal");
        Assert.Equal(ReasonCode.ServerUnavailable, (await connack).Reason); // not a session without its messages
        Assert.Equal(ReasonCode.Success, await gateway.PublishWhileTimePassesAsync(publisher, "t", "3"));

        faults.Heal();
        client = await gateway.ConnectWhileTimePassesAsync("c");
        Assert.True((await client.ExpectPublishAsync("1")).Dup);
        await client.ExpectPublishAsync("2");
        await client.ExpectPublishAsync("3");
        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(60u)]
    public async Task LostCloseIsRepeatedSoThatTheSessionEnds(uint expiry)
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(CloseFailed);
        var watcher = await gateway.ConnectAsync("w");
        await watcher.SubscribeAsync("will", QoS.AtLeastOnce);
        var will = new ClientWill("will", "gone"u8.ToArray(), QoS.AtLeastOnce, Properties: new PropertyList { { PropertyId.WillDelayInterval, 10 } });
        var client = await gateway.ConnectAsync("c", expiry: expiry, will: will);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        faults.Break("ISessionStoreGrain.DetachAsync", CallFault.TimeoutBefore);
        client.Drop();
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(client), "the connection to be handed back");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(30));
        Assert.NotNull((await gateway.SessionInfoAsync("c")).Owner);
        faults.Heal();
        await gateway.AdvanceUntilAsync(watcher.ExpectPublishAsync("gone"), "the will");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(62));
        await watcher.NothingMoreAsync();
        Assert.False((await gateway.SessionInfoAsync("c")).Exists);
        Assert.Equal(1, gateway.Sessions.Count); // the watcher's
    }

    [Fact]
    public async Task LostCloseOfASessionThatIsOverLeavesTheNextOneAlone()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(CloseFailed);
        var first = await gateway.ConnectAsync("c");
        faults.Break("ISessionStoreGrain.DetachAsync", CallFault.TimeoutBefore);
        await gateway.AdvanceUntilAsync(gateway.DropAsync(first), "the connection to be handed back");
        var second = await gateway.ConnectAsync("c");
        faults.Heal();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(5)); // the close is repeated, and comes too late

        Assert.Equal(1, gateway.Sessions.Count);
        await gateway.ConnectAsync("c");
        await second.ExpectDisconnectAsync(ReasonCode.SessionTakenOver); // [MQTT-3.1.4-3]
    }

    [Fact]
    public async Task DisconnectWithIntervalZeroEndsTheSessionOfAClientThatIsBackBeforeItsLastPacketLeft()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await client.NothingMoreAsync();
        client.Transport.StopTaking(); // the connection cannot end before its grace is over
        client.Send(ClientPackets.Pingreq());
        await Stuck.CalmAsync();
        client.Send(ClientPackets.Disconnect(
            ProtocolVersion.Mqtt5, ReasonCode.Success, new PropertyList { { PropertyId.SessionExpiryInterval, 0 } }));
        await Stuck.UntilAsync(() => gateway.Connections.All.Single().IsClosing, "DISCONNECT");
        await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: false);
    }

    private static async Task<(InMemoryGateway Gateway, GrainFaults Faults)> StartAsync(int storeShards = 4)
    {
        var faults = new GrainFaults();
        faults.Plan.MaximumDelay = TimeSpan.FromHours(1); // a delayed call is as good as lost, until it arrives after all
        return (await InMemoryGateway.StartAsync(options => options.Grains.StoreShards = storeShards, faults: faults), faults);
    }

    private static async Task OfflineAsync(InMemoryGateway gateway, string clientId)
    {
        var client = await gateway.ConnectAsync(clientId, cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.ExactlyOnce);
        await gateway.DropAsync(client);
    }
}
