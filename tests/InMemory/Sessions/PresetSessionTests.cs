using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>Sessions that queue before their device ever connected.</summary>
public sealed class PresetSessionTests
{
    [Fact]
    public async Task MessagesWaitForADeviceThatNeverConnected()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        Assert.Equal(SessionResult.Ok, await gateway.SessionGrain("device").PresetAsync(new PresetRequest([new("cmd/#", 1, 0)], 0)).OrStuck("preset"));
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("cmd/go", "now", QoS.AtLeastOnce));

        var device = await gateway.ConnectAsync("device", cleanStart: false, expiry: 1000, sessionPresent: true);
        await device.ExpectPublishAsync("now");
        await publisher.PublishAsync("cmd/stop", "then", QoS.AtLeastOnce);
        await device.ExpectPublishAsync("then");
        await device.NothingMoreAsync();
    }

    [Fact]
    public async Task PresetSessionExpires()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        Assert.Equal(SessionResult.Ok, await gateway.SessionGrain("device").PresetAsync(new PresetRequest([new("cmd/#", 1, 0)], 60)).OrStuck("preset"));
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(62));
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("cmd/go", "late", QoS.AtLeastOnce));
        await gateway.ConnectAsync("device", cleanStart: false, expiry: 1000, sessionPresent: false);
    }

    [Fact]
    public async Task PresetOfAnOfflineSessionIsRoutedToAtOnce()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var device = await gateway.ConnectAsync("device", cleanStart: false, expiry: 1000);
        await device.SubscribeAsync("a", QoS.AtLeastOnce);
        await gateway.DropAsync(device);
        Assert.Equal(SessionResult.Ok, await gateway.SessionGrain("device").PresetAsync(new PresetRequest([new("b", 1, 0)], 1000)).OrStuck("preset"));
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("a", "1", QoS.AtLeastOnce);
        await publisher.PublishAsync("b", "2", QoS.AtLeastOnce);
        device = await gateway.ConnectAsync("device", cleanStart: false, expiry: 1000, sessionPresent: true);
        await device.ExpectPublishAsync("1");
        await device.ExpectPublishAsync("2");
    }

    [Fact]
    public async Task PresetOfAConnectedSessionHoldsFromItsNextConnection()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var device = await gateway.ConnectAsync("device", cleanStart: false, expiry: 1000);
        Assert.Equal(SessionResult.Ok, await gateway.SessionGrain("device").PresetAsync(new PresetRequest([new("b", 1, 0)], 1000)).OrStuck("preset"));
        await gateway.DropAsync(device);
        device = await gateway.ConnectAsync("device", cleanStart: false, expiry: 1000, sessionPresent: true);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("b", "2", QoS.AtLeastOnce);
        await device.ExpectPublishAsync("2");
    }
}
