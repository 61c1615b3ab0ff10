using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>A store shard that starts anew has forgotten who is connected, and is told.</summary>
public sealed class ReattachTests
{
    private const int Reattached = 4404;

    [Theory]
    [InlineData(0u)] // not in the journal: the gateway alone knows of it
    [InlineData(1000u)]
    public async Task ConnectedSessionIsThatOfItsConnectionAgain(uint expiry)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var before = await gateway.SessionInfoAsync("c");
        await RestartShardAsync(gateway);

        var after = await gateway.SessionInfoAsync("c");
        Assert.NotNull(after.Owner);
        Assert.Equal((before.Owner, before.Epoch, expiry), (after.Owner, after.Epoch, after.ExpirySeconds));
        Assert.Equal(["t"], after.Subscriptions.Select(subscription => subscription.Filter));
        await gateway.DropAsync(client);
        Assert.Equal((expiry > 0, null), ((await gateway.SessionInfoAsync("c")).Exists, (await gateway.SessionInfoAsync("c")).Owner));
    }

    [Fact]
    public async Task ConnectionWhoseSessionWasTakenElsewhereMeanwhileEnds()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        var store = gateway.Services.GetRequiredService<IGrainFactory>().GetGrain<ISessionStoreGrain>(0);
        await store.AttachAsync("default/c", new OpenRequest(new GatewayRef(long.MaxValue), 1, CleanStart: false, 1000, Will: null));
        await RestartShardAsync(gateway);

        await client.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
    }

    [Fact]
    public async Task SessionThatWasTakenElsewhereIsForgottenWithItsConnection()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var store = gateway.Services.GetRequiredService<IGrainFactory>().GetGrain<ISessionStoreGrain>(0);
        await store.AttachAsync("default/c", new OpenRequest(new GatewayRef(long.MaxValue), 1, CleanStart: false, 1000, Will: null));
        await gateway.DropAsync(client);

        Assert.Equal(0, gateway.Sessions.Count);
    }

    [Fact]
    public async Task SessionThatIsYoungerThanTheListOfAShardThatStartedAnewStays()
    {
        var faults = new GrainFaults();
        faults.Plan.MaximumDelay = TimeSpan.FromSeconds(10);
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        gateway.Cluster.KillSilo(0);
        gateway.Cluster.StartSilo(0);
        faults.Break("ISessionStoreGrain.PollAsync", CallFault.LateAnswer, times: 1); // the list of all sessions without a connection
        for (var left = 30; left > 0 && faults.Met == 0; left--)
        {
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(1)); // the poll that hung there is given up
        }

        faults.Break("ISessionStoreGrain.PollAsync", CallFault.TimeoutBefore); // or the next one would tell of the session
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(faults.Plan.MaximumDelay);
        Assert.Contains(gateway.Log.Lines, line => line.EventId == Reattached); // the list has come

        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("t", "m", QoS.AtLeastOnce));
    }

    private static async Task RestartShardAsync(InMemoryGateway gateway)
    {
        gateway.Cluster.KillSilo(0);
        gateway.Cluster.StartSilo(0);
        for (var left = 30; left > 0 && gateway.Log.Lines.All(line => line.EventId != Reattached); left--)
        {
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(1)); // the poll that hung there is given up
        }
    }
}
