using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory;

/// <summary>What gives way first when the process runs out of memory.</summary>
public sealed class MemoryGuardTests
{
    private long _used;

    [Fact]
    public async Task NewClientsAreRefusedFrom70PercentOn()
    {
        await using var gateway = await StartAsync();
        SetPercent(gateway, 70);
        var client = gateway.Open();
        client.Send(ClientPackets.Connect());
        Assert.Equal(0x97, (await client.ReceivePacketAsync())![3]);
        await client.ClosedAsync();

        SetPercent(gateway, 69);
        var welcome = gateway.Open();
        welcome.Send(ClientPackets.Connect());
        Assert.Equal(0x00, (await welcome.ReceivePacketAsync())![3]);
    }

    [Fact]
    public async Task APublisherOfQoS0IsNotReadFrom85PercentOn()
    {
        await using var gateway = await StartAsync();
        var client = await ConnectAsync(gateway, "publisher");
        var other = await ConnectAsync(gateway, "other");
        SetPercent(gateway, 85);
        client.Send(ClientPackets.Publish("a", "x"));
        await Stuck.UntilAsync(() => client.Transport.Unread == 0, "the publication to be read");
        client.Send(ClientPackets.Pingreq());
        for (var i = 0; i < 10; i++)
        {
            other.Send(ClientPackets.Pingreq()); // who publishes no QoS 0 is served as before
            Assert.Equal([0xD0, 0x00], await other.ReceivePacketAsync());
        }

        Assert.Equal(2, client.Transport.Unread);
        SetPercent(gateway, 84);
        Assert.Equal([0xD0, 0x00], await client.ReceivePacketAsync());
    }

    [Fact]
    public async Task TheClientWithTheMostWaitingBytesGoesFrom95PercentOn()
    {
        await using var gateway = await StartAsync();
        var slow = await ConnectAsync(gateway, "slow");
        slow.Send(ClientPackets.Subscribe(1, "a"));
        await slow.ReceivePacketAsync();
        slow.Transport.StopTaking();
        var publisher = await ConnectAsync(gateway, "publisher");
        for (var i = 0; i < 10; i++)
        {
            publisher.Send(ClientPackets.Publish("a", new byte[1000]));
        }

        publisher.Send(ClientPackets.Pingreq());
        await publisher.ReceivePacketAsync();
        SetPercent(gateway, 95);
        await Stuck.UntilAsync(() => gateway.Connections.All.All(connection => connection.Client.Id != "slow" || connection.IsClosing), "slow to go");
        Assert.Contains(gateway.Connections.All, connection => connection.Client.Id == "publisher" && !connection.IsClosing);
        slow.Drop();
    }

    private Task<InMemoryGateway> StartAsync() => InMemoryGateway.StartAsync(
        options => options.Memory.MaximumBytes = 100, services => services.AddSingleton<Func<long>>(() => Volatile.Read(ref _used)));

    private void SetPercent(InMemoryGateway gateway, int percent)
    {
        Volatile.Write(ref _used, percent);
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
    }

    private static async Task<MemoryClient> ConnectAsync(InMemoryGateway gateway, string clientId)
    {
        var client = gateway.Open();
        client.Send(ClientPackets.Connect(ProtocolVersion.Mqtt5, clientId));
        Assert.Equal(0x00, (await client.ReceivePacketAsync())![3]);
        return client;
    }
}
