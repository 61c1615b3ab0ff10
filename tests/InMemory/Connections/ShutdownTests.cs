using GrainMQ.Gateway.Hosting;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory.Connections;

/// <summary>The gateway stops: clients are told, what they have not finished goes to the store.</summary>
public sealed class ShutdownTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task ClientsAreTold(ProtocolVersion version) // 0x8B
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", version: version);
        var waiting = gateway.Open(); // has not said CONNECT
        await gateway.StopAsync();
        await client.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
        await waiting.ExpectClosedAsync();
        Assert.Equal(0, gateway.Connections.Count);
        var late = gateway.Open();
        late.Send(ClientPackets.Connect());
        await late.ExpectClosedAsync();
    }

    [Fact]
    public async Task DirectoryKnowsTheGatewayFromItsStartToItsEnd()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var directory = gateway.Services.GetRequiredService<IGrainFactory>().GetGrain<IDirectoryGrain>(0);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(2)); // a beat
        Assert.Equal(GatewayState.Ready, Assert.Single((await directory.GetViewAsync()).Gateways).State);
        await gateway.Services.GetRequiredService<GatewayService>().StopAsync(CancellationToken.None).OrStuck("the gateway to stop");
        Assert.Empty((await directory.GetViewAsync()).Gateways); // sessions that it had are not waited for until its lease has lapsed
    }

    [Fact]
    public async Task StoreShardsAreCalledOnceMoreSoThatNoCallHangsThere()
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Grains.StoreShards = 4, faults: faults);
        await Stuck.CalmAsync();
        faults.Break("ISessionStoreGrain.PollAsync", CallFault.None); // counts
        await gateway.Services.GetRequiredService<GatewayService>().StopAsync(CancellationToken.None).OrStuck("the gateway to stop");
        Assert.Equal(4, faults.Met);
    }

    [Fact]
    public async Task UnfinishedMessagesAreHandedToTheStoreBeforeTheEnd()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 10; i++)
        {
            await publisher.PublishAsync("t", $"{i}", (QoS)(1 + i % 2));
            await client.ExpectPublishAsync($"{i}", acknowledge: i < 3);
        }

        await client.NothingMoreAsync();
        await gateway.Services.GetRequiredService<GatewayService>().StopAsync(CancellationToken.None).OrStuck("the gateway to stop");
        var info = await gateway.SessionInfoAsync("c");
        Assert.Null(info.Owner);
        Assert.Equal(7, info.Queued);
    }

    /// <summary>The grains stop after the gateway: a call that still waits for them would be an error in their log.</summary>
    [Fact]
    public async Task StopWaitsForTheRetainedMessagesThatAreAskedFor()
    {
        var faults = new GrainFaults { Plan = { MaximumDelay = TimeSpan.FromSeconds(2) } };
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var client = await gateway.ConnectAsync("c");
        faults.Break("IRetainGrain.QueryAsync", CallFault.LateAnswer);
        await client.SubscribeAsync([("a/#", 1), ("b/#", 1)]);
        await Stuck.UntilAsync(() => faults.Met == 1, "the query");

        var stopped = gateway.Services.GetRequiredService<GatewayService>().StopAsync(CancellationToken.None);
        await client.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
        await Stuck.CalmAsync();
        Assert.False(stopped.IsCompleted);
        await gateway.AdvanceUntilAsync(stopped, "the gateway to stop");
        Assert.Equal(1, faults.Met); // the client is gone: the other filter is not asked for
    }

    [Fact]
    public async Task ClientThatTakesNothingDelaysTheEndByItsGraceOnly()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        client.Transport.StopTaking();
        client.Send(ClientPackets.Pingreq());
        await Stuck.CalmAsync();
        var before = gateway.Time.GetUtcNow();
        await gateway.StopAsync();
        Assert.True(gateway.Time.GetUtcNow() - before <= TimeSpan.FromSeconds(5));
        await client.ClosedAsync();
    }

    [Fact]
    public async Task WillsArePublishedToThoseWhoAreStillThere()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await gateway.ConnectAsync("w", cleanStart: false, expiry: 1000);
        await watcher.SubscribeAsync("will", QoS.AtLeastOnce);
        await gateway.DropAsync(watcher);
        await gateway.ConnectAsync("c", will: new ClientWill("will", "gone"u8.ToArray(), QoS.AtLeastOnce));
        await gateway.Services.GetRequiredService<GatewayService>().StopAsync(CancellationToken.None).OrStuck("the gateway to stop");
        Assert.Equal(1, (await gateway.SessionInfoAsync("w")).Queued);
    }
}
