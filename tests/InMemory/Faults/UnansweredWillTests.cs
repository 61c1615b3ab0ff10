using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>Grains that do not answer while a will is due: it is published exactly once, or never if the client said DISCONNECT.</summary>
public sealed class UnansweredWillTests
{
    private const int OfflineFailed = 4400, CloseFailed = 4405, OpenFailed = 4502;

    private static readonly ClientWill Will = new("will", "gone"u8.ToArray(), QoS.AtLeastOnce);

    [Fact]
    public async Task WillThatATakeoverPublishedComesOnceIfTheStoreHearsOfItLate()
    {
        var (gateway, faults, watcher) = await StartAsync();
        await using var _ = gateway;
        await gateway.ConnectAsync("c", expiry: 1000, will: Will);
        faults.Break("ISessionStoreGrain.CompleteWillsAsync", CallFault.TimeoutBefore);
        var next = gateway.Open();
        next.Connect("c", cleanStart: false, expiry: 1000);
        await gateway.AdvanceUntilAsync(next.ExpectAsync(PacketType.Connack), "CONNACK");
        await watcher.ExpectPublishAsync("gone");

        faults.Heal();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60)); // its lease has lapsed long since
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task WillThatWasGivenOutMeanwhileIsNotPublishedWithALateAnswer()
    {
        var (gateway, faults, watcher) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(OpenFailed);
        gateway.ExpectError(CloseFailed);
        var old = await gateway.ConnectAsync("c", expiry: 1000, will: Will);
        faults.Break("ISessionStoreGrain.AttachAsync", CallFault.TimeoutAfter); // the takeover is granted, and the gateway does not know
        var refused = gateway.Open();
        refused.Connect("c", cleanStart: false, expiry: 1000);
        await gateway.AdvanceUntilAsync(refused.ExpectAsync(PacketType.Connack), "the refusal");
        await gateway.AdvanceUntilAsync(watcher.ExpectPublishAsync("gone"), "the will, when the lease of this gateway has lapsed");

        faults.Heal();
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(old), "the takeover");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task DisconnectThatComesBeforeTheGatewayHearsOfTheTakeoverDiscardsTheWill() // [MQTT-3.14.4-3]
    {
        var (gateway, faults, watcher) = await StartAsync();
        await using var _ = gateway;
        var old = await gateway.ConnectAsync("c", expiry: 1000, will: Will);
        faults.Break("ISessionStoreGrain.AttachAsync", CallFault.TimeoutAfter, times: 1);
        var next = gateway.Open();
        next.Connect("c", cleanStart: false, expiry: 1000);
        await Stuck.UntilAsync(() => faults.Met > 0, "the first attempt");
        await Stuck.CalmAsync();
        old.Send(ClientPackets.Disconnect(ProtocolVersion.Mqtt5));
        await old.ExpectClosedAsync();

        await gateway.AdvanceUntilAsync(next.ExpectAsync(PacketType.Connack), "CONNACK");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task WillThatNoQueueTookIsGivenOutAgain()
    {
        var (gateway, faults, watcher) = await StartAsync();
        await using var _ = gateway;
        gateway.ExpectError(OfflineFailed);
        await gateway.DropAsync(watcher);
        var client = await gateway.ConnectAsync("c", will: Will);
        faults.Break("ISessionStoreGrain.QueueAsync", CallFault.TimeoutBefore);
        client.Drop();
        await gateway.AdvanceUntilAsync(gateway.GoneAsync(client), "the connection to be handed back");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(35)); // by now its batch is given up

        faults.Heal();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        watcher = await gateway.ConnectAsync("watcher", cleanStart: false, expiry: 1000, sessionPresent: true);
        await watcher.ExpectPublishAsync("gone");
        await watcher.NothingMoreAsync();
    }

    private static async Task<(InMemoryGateway Gateway, GrainFaults Faults, MemoryClient Watcher)> StartAsync()
    {
        var faults = new GrainFaults();
        var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var watcher = await gateway.ConnectAsync("watcher", cleanStart: false, expiry: 1000);
        await watcher.SubscribeAsync("will", QoS.AtLeastOnce);
        return (gateway, faults, watcher);
    }
}
