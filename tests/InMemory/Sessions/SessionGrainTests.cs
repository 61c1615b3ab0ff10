using System.Collections.Concurrent;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Silo.Embedded;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>The grain of a client: who activates it, and that a null outbound frame ends in it. Architecture §7, §8.</summary>
public sealed class SessionGrainTests
{
    private const int NullOutboundFrame = 4310, CloseFailed = 4405;

    private readonly GrainFaults _faults = new();
    private readonly ConcurrentQueue<string> _calls = [];

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
        int closes = _calls.Count(call => call.EndsWith("ISessionGrain.CloseAsync", StringComparison.Ordinal));
        int detaches = _calls.Count(call => call.EndsWith("ISessionStoreGrain.DetachAsync", StringComparison.Ordinal));
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
