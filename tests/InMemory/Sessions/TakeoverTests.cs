using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>A CONNECT with a Client Identifier that is connected. MQTT 5 §3.1.4.</summary>
public sealed class TakeoverTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task OldConnectionIsClosedAndNewOneServed(ProtocolVersion version) // [MQTT-3.1.4-3]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var old = await gateway.ConnectAsync("c", version: version);
        var next = await gateway.ConnectAsync("c", version: version);

        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await next.NothingMoreAsync();
        await gateway.GoneAsync(old);
        Assert.Equal(1, gateway.Connections.Count);
        Assert.Equal(1, gateway.Sessions.Count);
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_connections_closed_total", "TakenOver"));
        Assert.NotNull((await gateway.SessionInfoAsync("c")).Owner);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5)]
    [InlineData(ProtocolVersion.Mqtt5, ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt5)]
    public async Task DurableSessionGoesOnInAnotherVersion(ProtocolVersion before, ProtocolVersion after)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var old = await gateway.ConnectAsync("c", cleanStart: false, before == ProtocolVersion.Mqtt5 ? 100 : null, before);
        await old.SubscribeAsync("t", QoS.ExactlyOnce);
        var next = await gateway.ConnectAsync("c", cleanStart: false, after == ProtocolVersion.Mqtt5 ? 100 : null, after);
        var publisher = await gateway.ConnectAsync("p");

        await publisher.PublishAsync("t", "hello", QoS.ExactlyOnce);
        await next.ExpectPublishAsync("hello");
        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
    }

    [Fact]
    public async Task ConnectThatLeavesBeforeItsTurnTakesNothingOver()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var living = await gateway.ConnectAsync("c");
        var leaving = gateway.Open();
        using (await gateway.Sessions.Turns.TakeAsync("default/c"))
        {
            leaving.Connect("c");
            await Stuck.CalmAsync();
            gateway.Connections.All.Single(connection => connection.Transport == leaving.Transport).Close(CloseCause.NetworkError);
        }

        await gateway.GoneAsync(leaving);
        await living.NothingMoreAsync();
    }

    [Fact]
    public async Task UnacknowledgedMessagesGoToTheNewConnectionWithDup() // [MQTT-4.4.0-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var old = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await old.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "one", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "two", QoS.ExactlyOnce);
        await publisher.PublishAsync("t", "three", QoS.AtLeastOnce);
        var one = await old.ExpectPublishAsync("one", acknowledge: false);
        var two = await old.ExpectPublishAsync("two", acknowledge: false);
        await old.ExpectPublishAsync("three");
        await old.NothingMoreAsync();

        var next = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, sessionPresent: true);
        var again = await next.ExpectPublishAsync("one");
        Assert.True(again.Dup);
        Assert.Equal(one.PacketId, again.PacketId);
        again = await next.ExpectPublishAsync("two");
        Assert.True(again.Dup);
        Assert.Equal(two.PacketId, again.PacketId);
        await next.NothingMoreAsync();
    }

    [Fact]
    public async Task EphemeralSessionIsNotContinued()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var old = await gateway.ConnectAsync("c", cleanStart: true, expiry: 0);
        await old.SubscribeAsync("t", QoS.AtLeastOnce);

        var next = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, sessionPresent: false);
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("t", "x", QoS.AtLeastOnce));
        await next.NothingMoreAsync();
    }

    [Fact]
    public async Task CleanStartAtTakeoverEndsTheOldSession()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var old = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await old.SubscribeAsync("t", QoS.AtLeastOnce);
        var next = await gateway.ConnectAsync("c", cleanStart: true, expiry: 100, sessionPresent: false);
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("t", "x", QoS.AtLeastOnce));
        await next.NothingMoreAsync();
        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
    }

    [Fact]
    public async Task OfManyConnectsAtOnceExactlyOneSurvives()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var clients = Enumerable.Range(0, 20).Select(_ => gateway.Open()).ToArray();
        foreach (var client in clients)
        {
            client.Connect("c", cleanStart: false, expiry: 100);
        }

        await Stuck.UntilAsync(() => clients.Count(client => !client.Transport.IsClosedByServer) == 1, "one survivor");
        await Stuck.UntilAsync(() => gateway.Connections.Count == 1, "the others to be handed back");
        var survivor = clients.Single(client => !client.Transport.IsClosedByServer);
        Assert.Equal(ReasonCode.Success, (await survivor.ExpectAsync(PacketType.Connack)).Reason);
        await survivor.NothingMoreAsync();
        foreach (var client in clients.Where(client => client != survivor))
        {
            Assert.Equal(ReasonCode.Success, (await client.ExpectAsync(PacketType.Connack)).Reason);
            await client.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        }
    }

    [Fact]
    public async Task TheLaterConnectWinsWhicheverConnectionIsOlder()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var older = gateway.Open();
        var newer = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        Assert.True((await older.ConnectAsync("c", cleanStart: false, expiry: 100)).SessionPresent);
        await newer.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
    }

    [Fact]
    public async Task ConnectOfAClientThatLeftMeanwhileTakesNothing()
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var old = await gateway.ConnectAsync("c");
        faults.Break("ISessionStoreGrain.AttachAsync", CallFault.Delay, times: 1);
        var slow = gateway.Open();
        slow.Connect("c"); // holds the client's turn until time passes
        await Stuck.UntilAsync(() => faults.Met == 1, "the slow CONNECT");
        var gone = gateway.Open();
        gone.Connect("c");
        await Stuck.CalmAsync();
        gone.Drop();
        await Stuck.CalmAsync();
        await gateway.AdvanceAsync(TimeSpan.FromMilliseconds(100));

        Assert.Equal(ReasonCode.Success, (await slow.ExpectAsync(PacketType.Connack)).Reason);
        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
    }

    [Fact]
    public async Task I2OnlyTheHighestEpochChangesASession()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var old = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        var before = (await gateway.SessionInfoAsync("c")).Epoch;
        await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        var info = await gateway.SessionInfoAsync("c");
        Assert.True(info.Epoch > before);

        var store = gateway.Services.GetRequiredService<StoreShards>()[0];
        Assert.Equal(SessionResult.Fenced, await store.ApplyAsync(new SessionDelta("default/c", before, [new("t", 1, 0)], [])));
        Assert.Equal(SessionResult.Fenced, await store.ApplyAsync(new SessionDelta("default/c", before, [], ["t"])));
        var close = new CloseRequest("late", 0, WillAction.Discard, [], [], Deactivate: true);
        Assert.Equal(SessionResult.Fenced, await store.DetachAsync("default/c", before, close));
        Assert.Equal(SessionResult.Fenced, await gateway.SessionGrain("c").CloseAsync(before, close));
        var after = await gateway.SessionInfoAsync("c");
        Assert.Equal(info.Epoch, after.Epoch);
        Assert.NotNull(after.Owner);
        Assert.Empty(after.Subscriptions);
    }
}
