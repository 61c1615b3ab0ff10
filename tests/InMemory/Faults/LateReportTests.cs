using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>What a connection tells the store of its deliveries, when that arrives after the session has changed hands.</summary>
public sealed class LateReportTests
{
    [Fact]
    public async Task I7AcknowledgementsWhoseReportMeetsATakeoverAreNotForgotten()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        var first = await SubscribedAsync(gateway, QoS.AtLeastOnce);
        await PublishAsync(gateway, "m", QoS.AtLeastOnce);
        await first.ExpectPublishAsync("m");
        await Stuck.CalmAsync();
        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.Delay, times: 1);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(1)); // the report is on its way

        // the store has granted the second connection's claim when the report arrives, and the gateway has not heard of it
        faults.Break("ISessionStoreGrain.AttachAsync", CallFault.TimeoutAfter, times: 1);
        var second = gateway.Open();
        second.Connect("c", cleanStart: false, expiry: 1000);
        var connack = second.ExpectAsync(PacketType.Connack);
        await Stuck.CalmAsync();
        gateway.Time.Advance(faults.Plan.MaximumDelay);
        await gateway.AdvanceUntilAsync(connack, "CONNACK");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(0, (await gateway.SessionInfoAsync("c")).Queued);
        await gateway.DropAsync(second);
        var third = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await third.NothingMoreAsync();
    }

    [Fact]
    public async Task I7ReportThatComesAfterATakeoverIsMadeAgainUnderTheNextClaim()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        var first = await SubscribedAsync(gateway, QoS.AtLeastOnce);
        await PublishAsync(gateway, "m", QoS.AtLeastOnce);
        await first.ExpectPublishAsync("m");
        await Stuck.CalmAsync();
        faults.Plan.MaximumDelay = TimeSpan.FromSeconds(4);
        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.Delay, times: 1);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(1)); // the report is on its way
        await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(6));

        Assert.Equal(0, (await gateway.SessionInfoAsync("c")).Queued);
    }

    [Fact]
    public async Task ReportThatWasFencedIsNotMadeAgainWhileTheSessionIsElsewhere()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        var client = await SubscribedAsync(gateway, QoS.AtLeastOnce);
        await PublishAsync(gateway, "m", QoS.AtLeastOnce);
        var store = gateway.Services.GetRequiredService<IGrainFactory>().GetGrain<ISessionStoreGrain>(0);
        await store.AttachAsync("default/c", new OpenRequest(new GatewayRef(long.MaxValue), 1, CleanStart: false, 1000, Will: null));
        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.None); // counted
        await client.ExpectPublishAsync("m");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(1, faults.Met);
    }

    [Fact]
    public async Task CommitLetsNothingGoThatIsAnothersByNow()
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        var client = await SubscribedAsync(gateway, QoS.ExactlyOnce);
        faults.Plan.MaximumDelay = TimeSpan.FromSeconds(4);
        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.Delay, times: 1);
        await PublishAsync(gateway, "m", QoS.ExactlyOnce);
        await Stuck.CalmAsync();
        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        Commit(sequence: 1, session.Epoch - 1); // that of an earlier connection
        Commit(sequence: 2, session.Epoch); // that of another message, which had the identifier before
        await client.NothingMoreAsync();
        await gateway.AdvanceUntilAsync(client.ExpectPublishAsync("m"), "the message");

        void Commit(long sequence, ulong epoch)
        {
            var burst = Burst.Rent();
            session.OnCommitted(new StartedDelivery(sequence, 1, PendingStage.Published), epoch, isDuplicate: false, isGone: false, burst);
            burst.Flush();
            burst.Return();
        }
    }

    [Fact]
    public async Task IdentifiersThatAnEarlierConnectionChoseAreNotStoredForTheNext() // [MQTT-4.4.0-1]: sent again under the same one
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        var client = await SubscribedAsync(gateway, QoS.ExactlyOnce);
        await PublishAsync(gateway, "m0", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("m0", acknowledge: false);
        await PublishAsync(gateway, "done", QoS.AtLeastOnce);
        var done = await client.ExpectPublishAsync("done", acknowledge: false);

        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.TimeoutBefore);
        await PublishAsync(gateway, "m1", QoS.ExactlyOnce);
        await PublishAsync(gateway, "m2", QoS.ExactlyOnce); // waits for the report about the first
        await Stuck.CalmAsync();
        await client.FinishAsync(done); // so that the identifiers of m1 and m2 here are others than on the next connection
        await Stuck.CalmAsync();
        await gateway.DropAsync(client);
        client = gateway.Open();
        client.Connect("c", cleanStart: false, expiry: 1000);
        await client.ExpectAsync(PacketType.Connack);
        await Stuck.CalmAsync();
        faults.Heal();
        var sent = new List<ServerPacket>();
        foreach (var message in (string[])["m0", "m1", "m2"])
        {
            var arrives = client.ExpectPublishAsync(message, acknowledge: false);
            await gateway.AdvanceUntilAsync(arrives, message);
            sent.Add(await arrives);
        }

        await gateway.DropAsync(client);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        foreach (var one in sent)
        {
            Assert.Equal(one.PacketId, (await client.ExpectPublishAsync(one.Text)).PacketId);
        }
    }

    [Fact]
    public async Task AReportThatIsAnsweredTwiceCountsOnce() // [MQTT-4.6.0-6]: else what follows it would overtake
    {
        var (gateway, faults) = await StartAsync();
        await using var _ = gateway;
        faults.Plan.MaximumDelay = TimeSpan.FromHours(1);
        var client = await SubscribedAsync(gateway, QoS.ExactlyOnce);
        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.Delay, times: 1);
        await PublishAsync(gateway, "m0", QoS.ExactlyOnce);
        var arrives = client.ExpectPublishAsync("m0");
        await gateway.AdvanceUntilAsync(arrives, "the message, when the report is made again");
        await arrives;
        gateway.Time.Advance(faults.Plan.MaximumDelay); // and the first one arrives after all
        await Stuck.CalmAsync();

        faults.Break("ISessionStoreGrain.ReportAsync", CallFault.TimeoutBefore, times: 1);
        var publisher = await gateway.ConnectAsync("p");
        publisher.Send([.. ClientPackets.Publish("t", "m1", QoS.ExactlyOnce, 1), .. ClientPackets.Publish("t", "m2", QoS.AtLeastOnce, 2)]);
        foreach (var message in (string[])["m1", "m2"])
        {
            arrives = client.ExpectPublishAsync(message);
            await gateway.AdvanceUntilAsync(arrives, message);
            await arrives;
        }
    }

    private static async Task<MemoryClient> SubscribedAsync(InMemoryGateway gateway, QoS qos)
    {
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", qos);
        return client;
    }

    private static async Task PublishAsync(InMemoryGateway gateway, string message, QoS qos)
    {
        var publisher = await gateway.ConnectAsync($"p-{message}");
        await publisher.PublishAsync("t", message, qos);
    }

    private static async Task<(InMemoryGateway Gateway, GrainFaults Faults)> StartAsync()
    {
        var faults = new GrainFaults();
        return (await InMemoryGateway.StartAsync(faults: faults), faults);
    }
}
