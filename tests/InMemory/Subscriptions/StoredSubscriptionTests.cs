using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory.Subscriptions;

/// <summary>
/// SUBSCRIBE and UNSUBSCRIBE of sessions that outlive their connection, whose calls to the store are late or lost: the store and the gateway have
/// the same in the end, and a CONNECT waits for none of them.
/// </summary>
public sealed class StoredSubscriptionTests
{
    private const string Apply = "ISessionStoreGrain.ApplyAsync", Attach = "ISessionStoreGrain.AttachAsync";
    private const int CloseFailed = 4405, OpenFailed = 4502, SubscribeFailed = 4503, UnsubscribeFailed = 4504;

    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private readonly GrainFaults _faults = new();

    [Fact]
    public async Task StreamsThatSubscribeAtOnceGetTheirTurnsInTheStoreToo() // [MQTT-3.8.4-3]
    {
        await using var gateway = await StartAsync(TimeSpan.FromSeconds(2));
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        var (first, second) = (client.OpenStream(), client.OpenStream());
        _faults.Break(Apply, CallFault.Delay, times: 1);
        var earlier = first.SubscribeAsync([("t", 1)], identifier: 1);
        await Stuck.UntilAsync(() => _faults.Met == 1, "the first SUBSCRIBE");
        var later = second.SubscribeAsync([("t", 2)], identifier: 2);
        await Stuck.CalmAsync();
        Assert.False(later.IsCompleted);
        await gateway.AdvanceUntilAsync(Task.WhenAll(earlier, later), "both SUBACKs");

        await AssertSameAsync(gateway);
        var stored = Assert.Single((await gateway.SessionInfoAsync("c")).Subscriptions);
        Assert.Equal(2u, stored.Identifier);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        await second.ExpectPublishAsync("m");
        Assert.Equal([ReasonCode.NoSubscriptionExisted], (await first.UnsubscribeAsync("t")).Reasons); // nothing came before it
    }

    [Fact]
    public async Task UnsubscribeDoesNotEndInTheStoreWhatAnotherStreamIsSubscribingTo() // docs/decisions/0006
    {
        await using var gateway = await StartAsync(TimeSpan.FromSeconds(2));
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        var (holder, other) = (client.OpenStream(), client.OpenStream());
        await other.SubscribeAsync("something else");
        _faults.Break(Apply, CallFault.Delay, times: 1);
        var suback = holder.SubscribeAsync([("t", 1)]);
        await Stuck.UntilAsync(() => _faults.Met == 1, "SUBSCRIBE");
        var unsuback = other.UnsubscribeAsync("t");
        await Stuck.CalmAsync();
        await gateway.AdvanceUntilAsync(Task.WhenAll(suback, unsuback), "SUBACK and UNSUBACK");

        Assert.Equal([ReasonCode.NoSubscriptionExisted], (await unsuback).Reasons);
        Assert.Contains((await gateway.SessionInfoAsync("c")).Subscriptions, stored => stored.Filter == "t");
        await AssertSameAsync(gateway);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task StoreAndGatewayHaveTheSameHoweverLateTheCallsAre(int seed)
    {
        var random = new Random(seed);
        await using var gateway = await StartAsync(TimeSpan.FromMilliseconds(300));
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        MemoryClient[] streams = [client.Control, client.OpenStream(), client.OpenStream()];
        (_faults.Plan.Seed, _faults.Plan.Delay, _faults.Plan.Reorder, _faults.Plan.Duplicate) = (seed, 0.4, 0.2, 0.2);
        var answers = new List<Task>();
        for (var i = 0; i < 60; i++)
        {
            var stream = streams[random.Next(streams.Length)];
            string[] filters = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => $"t/{random.Next(4)}").Distinct()];
            if (random.Next(2) == 0)
            {
                var options = (byte)random.Next(3);
                stream.Send(ClientPackets.Subscribe(stream.NextPacketId(), [.. filters.Select(filter => (filter, options))],
                    properties: new PropertyList { { PropertyId.SubscriptionIdentifier, (uint)random.Next(1, 100) } }));
            }
            else
            {
                stream.Send(ClientPackets.Unsubscribe(stream.NextPacketId(), filters));
            }

            if (random.Next(5) == 0)
            {
                gateway.Time.Advance(TimeSpan.FromMilliseconds(random.Next(200)));
            }
        }

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(90)); // a step for each of the calls
        (_faults.Plan.Delay, _faults.Plan.Reorder, _faults.Plan.Duplicate) = (0, 0, 0);
        Assert.Equal(60, streams.Sum(stream => stream.TakePackets().Count(packet => packet.Type is PacketType.Suback or PacketType.Unsuback)));
        await AssertSameAsync(gateway);
    }

    [Fact]
    public async Task TakeoverDoesNotWaitForASubscribeWithoutAnAnswer()
    {
        await using var gateway = await StartAsync(Long);
        var old = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        _faults.Break(Apply, CallFault.Delay, times: 1);
        old.Send(ClientPackets.Subscribe(1, "t", QoS.AtLeastOnce));
        await Stuck.UntilAsync(() => _faults.Met == 1, "SUBSCRIBE");
        var next = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true); // and no time passes
        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await gateway.GoneAsync(old);
        gateway.Time.Advance(Long); // the call arrives after all
        await Stuck.CalmAsync();

        Assert.Empty((await gateway.SessionInfoAsync("c")).Subscriptions);
        await AssertSameAsync(gateway);
        await next.SubscribeAsync("t", QoS.AtLeastOnce);
        await AssertSameAsync(gateway);
    }

    [Fact]
    public async Task TakeoverDoesNotWaitForTheSubscribesOfStreamsWithoutAnAnswer()
    {
        await using var gateway = await StartAsync(Long);
        var old = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        var streams = Enumerable.Range(0, 3).Select(_ => old.OpenStream()).ToArray();
        _faults.Break(Apply, CallFault.Delay);
        foreach (var stream in streams)
        {
            stream.Send(ClientPackets.Subscribe(1, "t", QoS.AtLeastOnce));
        }

        await Stuck.UntilAsync(() => _faults.Met == 1, "the first SUBSCRIBE");
        await Stuck.CalmAsync();
        await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await old.Control.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await gateway.GoneAsync(old);
        Assert.Equal(1, _faults.Met); // the others never asked
        _faults.Heal();
        await AssertSameAsync(gateway);
    }

    [Fact]
    public async Task TakenOverSessionKeepsWhatTheStoreHadTakenWithoutTheAnswer()
    {
        await using var gateway = await StartAsync(Long);
        var old = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        _faults.Break(Apply, CallFault.TimeoutAfter, times: 1);
        old.Send(ClientPackets.Subscribe(1, "t", QoS.AtLeastOnce));
        await Stuck.UntilAsync(() => _faults.Met == 1, "SUBSCRIBE");
        await Stuck.CalmAsync();
        var next = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await AssertSameAsync(gateway);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        await next.ExpectPublishAsync("m");
    }

    [Fact]
    public async Task SubscribeThatGaveWayToAConnectThatFailedIsAnswered() // [MQTT-3.8.4-1]
    {
        await using var gateway = await StartAsync(Long);
        gateway.ExpectError(OpenFailed);
        gateway.ExpectError(CloseFailed);
        gateway.ExpectError(SubscribeFailed);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        _faults.Break(Apply, CallFault.Delay, times: 1);
        var suback = client.SubscribeAsync([("t", 1)]);
        await Stuck.UntilAsync(() => _faults.Met == 1, "SUBSCRIBE");
        _faults.Break(Attach, CallFault.TimeoutBefore);
        var refused = gateway.Open();
        refused.Connect("c", cleanStart: false, expiry: 1000);
        var connack = refused.ExpectAsync(PacketType.Connack);
        await gateway.AdvanceUntilAsync(Task.WhenAll(suback, connack), "SUBACK and CONNACK");

        Assert.Equal(ReasonCode.ServerUnavailable, (await connack).Reason);
        Assert.Equal([ReasonCode.UnspecifiedError], (await suback).Reasons);
        Assert.False(client.Transport.IsClosedByServer);
    }

    [Fact]
    public async Task SubscribeIsMadeAgainBehindAConnectThatTookNothing()
    {
        await using var gateway = await StartAsync(Long);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        _faults.Break(Apply, CallFault.Delay, times: 1);
        var suback = client.SubscribeAsync([("t", 1)]);
        await Stuck.UntilAsync(() => _faults.Met == 1, "SUBSCRIBE");
        using (await gateway.Sessions.Turns.TryTakeAsync("default/c", TimeSpan.FromSeconds(1), isUrgent: true))
        {
            await Stuck.CalmAsync();
            Assert.False(suback.IsCompleted);
        }

        Assert.Equal([ReasonCode.GrantedQoS1], (await suback.OrStuck("SUBACK")).Reasons);
        await AssertSameAsync(gateway);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task ChangeThatGetsNoTurnIsRefused(ProtocolVersion version)
    {
        await using var gateway = await StartAsync(Long);
        gateway.ExpectError(SubscribeFailed);
        gateway.ExpectError(UnsubscribeFailed);
        var client = await gateway.ConnectAsync("c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 1000u : null, version);
        await client.SubscribeAsync("old", QoS.AtLeastOnce);
        using var turn = await gateway.Sessions.Turns.TakeAsync("default/c");
        var suback = client.SubscribeAsync([("t", 1), ("u", 2)]);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(4));
        Assert.False(suback.IsCompleted);
        await gateway.AdvanceUntilAsync(suback, "SUBACK");
        Assert.Equal([ReasonCode.UnspecifiedError, ReasonCode.UnspecifiedError], (await suback).Reasons);
        client.Send(ClientPackets.Unsubscribe(9, "old", version));
        var answer = client.ReceiveAsync();
        await gateway.AdvanceUntilAsync(answer, "the answer");
        Assert.Equal(version == ProtocolVersion.Mqtt5 ? [ReasonCode.UnspecifiedError] : null, (await answer)?.Reasons); // 3.1.1: it is closed
        await AssertSameAsync(gateway, "old");
    }

    private async Task<InMemoryGateway> StartAsync(TimeSpan longestDelay)
    {
        _faults.Plan.MaximumDelay = longestDelay;
        return await InMemoryGateway.StartAsync(faults: _faults);
    }

    /// <summary>The store's record of the session is what this gateway routes by.</summary>
    private static async Task AssertSameAsync(InMemoryGateway gateway, params string[] filters)
    {
        var stored = (await gateway.SessionInfoAsync("c")).Subscriptions;
        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        var here = session.Subscriptions.Records(gateway.Services.GetRequiredService<SubscriptionIndex>());
        Assert.Equal(stored.OrderBy(record => record.Filter, StringComparer.Ordinal), here.OrderBy(record => record.Filter, StringComparer.Ordinal));
        if (filters.Length > 0)
        {
            Assert.Equal(filters, stored.Select(record => record.Filter));
        }
    }
}
