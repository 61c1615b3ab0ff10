using System.Collections.Concurrent;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>The grain of a client: who activates it, and that a null outbound frame ends in it.</summary>
public sealed class SessionGrainTests
{
    private const int NullOutboundFrame = 4310, CloseFailed = 4405;

    private readonly GrainFaults _faults = new();
    private readonly ConcurrentQueue<string> _calls = [];

    [Fact]
    public async Task NothingThatAConnectionDoesActivatesTheGrainOfItsClient() // an activation costs more than a CONNECT
    {
        await using var gateway = await StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 20; i++)
            {
                var will = new ClientWill($"will/{i}", "gone"u8.ToArray(), QoS.AtLeastOnce, Properties: new PropertyList { { PropertyId.WillDelayInterval, (uint)(i % 3) } });
                var client = await gateway.ConnectAsync($"c{i}", cleanStart: i % 4 == 0, expiry: i % 2 == 0 ? 1000u : 0u, will: will);
                client.Send([.. ClientPackets.Subscribe(1, [($"t/{i}", 1), ($"u/{i}", 1), ($"will/{(i + 1) % 20}", 2)]), .. ClientPackets.Unsubscribe(2, $"u/{i}")]);
                await client.AwaitAsync(PacketType.Suback, 1);
                await client.AwaitAsync(PacketType.Unsuback, 2);
                await publisher.PublishAsync($"t/{i}", $"{round}", QoS.ExactlyOnce);
                if (i % 5 == 0)
                {
                    client = await gateway.ConnectAsync($"c{i}", cleanStart: false, expiry: 1000, will: will); // takes over, and a will may be due
                }

                await (i % 3 == 0 ? gateway.DisconnectAsync(client) : i % 3 == 1 ? gateway.DropAsync(client) : Task.CompletedTask);
            }

            await gateway.AdvanceAsync(TimeSpan.FromSeconds(3)); // wills by the store
        }

        Assert.DoesNotContain(_calls, IsSessionGrain);
        Assert.DoesNotContain(gateway.Activations, IsSessionGrain);
        Assert.Contains(_calls, call => call.EndsWith("ISessionStoreGrain.CompleteWillsAsync", StringComparison.Ordinal)); // a takeover's will
    }

    [Fact]
    public async Task I1NullFrameEndsInTheGrainOfItsClientAndOfNoOther()
    {
        await using var gateway = await StartAsync();
        var (client, other) = (await SubscribedAsync(gateway, "c"), await SubscribedAsync(gateway, "other"));
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "not acknowledged", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("not acknowledged", acknowledge: false);
        await Stuck.CalmAsync();
        _faults.Break("ISessionStoreGrain.DetachAsync", CallFault.Delay, times: 1);
        InjectNullFrame(gateway, client);
        await Stuck.UntilAsync(() => _faults.Met == 1, "the close");
        Assert.Equal(["SessionGrain/default/c"], gateway.Activations.Where(IsSessionGrain));

        await gateway.AdvanceUntilAsync(gateway.GoneAsync(client), "the connection to be handed back");
        await Stuck.CalmAsync();
        Assert.DoesNotContain(gateway.Activations, IsSessionGrain);
        Assert.Equal(["SessionGrain/default/c ISessionGrain.CloseAsync"], _calls.Where(IsSessionGrain));
        gateway.Cluster.KillSilo(0);
        gateway.Cluster.StartSilo(0);
        var info = await gateway.SessionInfoAsync("c");
        Assert.Equal((true, null, 1, 1), (info.Exists, info.Owner, info.Subscriptions.Length, info.Queued)); // committed before the activation went
        await other.ExpectPublishAsync("not acknowledged");
        client = gateway.Open();
        var connack = client.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await gateway.AdvanceUntilAsync(connack, "CONNACK");
        Assert.True((await connack).SessionPresent);
        Assert.True((await client.ExpectPublishAsync("not acknowledged")).Dup);
    }

    [Theory]
    [InlineData(CallFault.TimeoutBefore)]
    [InlineData(CallFault.TimeoutAfter)]
    public async Task CloseAfterANullFrameIsRepeatedAtTheSameGrain(CallFault fault)
    {
        await using var gateway = await StartAsync();
        gateway.ExpectError(CloseFailed);
        var client = await SubscribedAsync(gateway, "c");
        _faults.Break("ISessionGrain.CloseAsync", fault);
        InjectNullFrame(gateway, client);
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(client), "the connection to be handed back");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.True(_faults.Met > 5); // not only those within the first five seconds
        _faults.Heal();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(10));

        Assert.DoesNotContain(gateway.Activations, IsSessionGrain);
        var closes = _calls.Count(call => call.EndsWith("ISessionGrain.CloseAsync", StringComparison.Ordinal));
        var detaches = _calls.Count(call => call.EndsWith("ISessionStoreGrain.DetachAsync", StringComparison.Ordinal));
        Assert.Equal(fault == CallFault.TimeoutBefore ? closes - _faults.Met : closes, detaches); // each through the grain
        Assert.Null((await gateway.SessionInfoAsync("c")).Owner);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(closes, _calls.Count(call => call.EndsWith("ISessionGrain.CloseAsync", StringComparison.Ordinal))); // and it is over
    }

    [Fact]
    public async Task ConnectAfterANullFrameWhoseCloseWasLostClosesThroughTheGrainFirst()
    {
        await using var gateway = await StartAsync();
        gateway.ExpectError(CloseFailed);
        var client = await SubscribedAsync(gateway, "c");
        _faults.Break("ISessionGrain.CloseAsync", CallFault.TimeoutBefore);
        InjectNullFrame(gateway, client);
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(client), "the connection to be handed back");
        _faults.Heal();
        await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);

        Assert.DoesNotContain(gateway.Activations, IsSessionGrain);
        string[] last = [.. _calls.Where(call => !call.Contains("PollAsync", StringComparison.Ordinal) && !call.Contains("Heartbeat", StringComparison.Ordinal)).TakeLast(3)];
        Assert.Equal(
            ["SessionGrain/default/c ISessionGrain.CloseAsync", "SessionStoreGrain/0 ISessionStoreGrain.DetachAsync", "SessionStoreGrain/0 ISessionStoreGrain.AttachAsync"],
            last);
    }

    private async Task<InMemoryGateway> StartAsync()
    {
        var decide = _faults.Plan.Script;
        _faults.Plan.Script = call =>
        {
            _calls.Enqueue($"{call.Grain} {call.Method}");
            return decide?.Invoke(call);
        };
        var gateway = await InMemoryGateway.StartAsync(faults: _faults);
        gateway.ExpectError(NullOutboundFrame);
        return gateway;
    }

    private static async Task<MemoryClient> SubscribedAsync(InMemoryGateway gateway, string clientId)
    {
        var client = await gateway.ConnectAsync(clientId, cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        return client;
    }

    private static void InjectNullFrame(InMemoryGateway gateway, MemoryClient client)
    {
        var connection = gateway.Connections.All.Single(connection => connection.Transport == client.Transport);
        connection.Outbound.TryEnqueue(default);
        connection.FlushOutbound();
    }

    private static bool IsSessionGrain(string grain) => grain.StartsWith("SessionGrain/", StringComparison.Ordinal);
}
