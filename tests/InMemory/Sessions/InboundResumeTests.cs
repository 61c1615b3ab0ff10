using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>Publications whose connection breaks after each step of the handshake. MQTT 5 §4.3.3.</summary>
public sealed class InboundResumeTests
{
    public static TheoryData<ProtocolVersion> Versions => [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5];

    [Fact]
    public async Task IdentifierThatPubrelFreedIsAnotherMessagesForTheStoreToo() // [MQTT-2.2.1-4] [MQTT-4.3.3-12]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var reader = await gateway.ConnectAsync("reader", cleanStart: false, expiry: 1000);
        await reader.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p", cleanStart: false, expiry: 1000);
        for (var i = 0; i < 3; i++)
        {
            publisher.Send(ClientPackets.Publish("t", $"m{i}", QoS.ExactlyOnce, 7));
            await publisher.ExpectAsync(PacketType.Pubrec, 7);
            publisher.Send(ClientPackets.Pubrel(7));
            await publisher.ExpectAsync(PacketType.Pubcomp, 7);
            await reader.ExpectPublishAsync($"m{i}");
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task QoS2AfterPublishIsDeliveredOnce(ProtocolVersion version) // [MQTT-4.3.3-10]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await SubscribedAsync(gateway);
        var client = await ConnectAsync(gateway, version);
        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 9, version: version));
        await client.ExpectAsync(PacketType.Pubrec, 9);
        for (var i = 0; i < 2; i++)
        {
            await gateway.DropAsync(client);
            client = await ConnectAsync(gateway, version);
            client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 9, dup: true, version: version));
            await client.ExpectAsync(PacketType.Pubrec, 9);
        }

        client.Send(ClientPackets.Pubrel(9, version));
        await client.ExpectAsync(PacketType.Pubcomp, 9);
        await subscriber.ExpectPublishAsync("m");
        await subscriber.NothingMoreAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task QoS2AfterPubrelIsCompletedAgain(ProtocolVersion version) // [MQTT-4.3.3-11]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await SubscribedAsync(gateway);
        var client = await ConnectAsync(gateway, version);
        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 9, version: version));
        await client.ExpectAsync(PacketType.Pubrec, 9);
        await gateway.DropAsync(client);

        client = await ConnectAsync(gateway, version);
        client.Send(ClientPackets.Pubrel(9, version));
        Assert.Equal(ReasonCode.Success, (await client.ExpectAsync(PacketType.Pubcomp, 9)).Reason);
        await gateway.DropAsync(client);

        client = await ConnectAsync(gateway, version);
        client.Send(ClientPackets.Pubrel(9, version)); // PUBCOMP was lost
        var pubcomp = await client.ExpectAsync(PacketType.Pubcomp, 9);
        Assert.Equal(version == ProtocolVersion.Mqtt5 ? ReasonCode.PacketIdentifierNotFound : ReasonCode.Success, pubcomp.Reason);

        client.Send(ClientPackets.Publish("t", "next", QoS.ExactlyOnce, 9, version: version)); // the identifier is free
        await client.ExpectAsync(PacketType.Pubrec, 9);
        await subscriber.ExpectPublishAsync("m");
        await subscriber.ExpectPublishAsync("next");
        await subscriber.NothingMoreAsync();
    }

    [Fact]
    public async Task RepetitionOnTheSameConnectionIsDeliveredOnce()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await SubscribedAsync(gateway);
        var client = await ConnectAsync(gateway, ProtocolVersion.Mqtt5);
        for (var i = 0; i < 3; i++)
        {
            client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 9, dup: i > 0));
            await client.ExpectAsync(PacketType.Pubrec, 9);
        }

        await subscriber.ExpectPublishAsync("m");
        await subscriber.NothingMoreAsync();
    }

    [Fact]
    public async Task TakeoverKeepsTheIdentifiers()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await SubscribedAsync(gateway);
        var client = await ConnectAsync(gateway, ProtocolVersion.Mqtt5);
        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 9));
        await client.ExpectAsync(PacketType.Pubrec, 9);
        client = await ConnectAsync(gateway, ProtocolVersion.Mqtt5);
        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 9, dup: true));
        await client.ExpectAsync(PacketType.Pubrec, 9);
        await subscriber.ExpectPublishAsync("m");
        await subscriber.NothingMoreAsync();
    }

    [Fact]
    public async Task CleanStartForgetsTheIdentifiers()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await SubscribedAsync(gateway);
        var client = await ConnectAsync(gateway, ProtocolVersion.Mqtt5);
        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 9));
        await client.ExpectAsync(PacketType.Pubrec, 9);
        client = await gateway.ConnectAsync("c", cleanStart: true, expiry: 1000);
        client.Send(ClientPackets.Publish("t", "other", QoS.ExactlyOnce, 9));
        await client.ExpectAsync(PacketType.Pubrec, 9);
        await subscriber.ExpectPublishAsync("m");
        await subscriber.ExpectPublishAsync("other");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task QoS1MayBeDeliveredAgain(ProtocolVersion version)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await SubscribedAsync(gateway);
        var client = await ConnectAsync(gateway, version);
        client.Send(ClientPackets.Publish("t", "m", QoS.AtLeastOnce, 9, version: version));
        await client.ExpectAsync(PacketType.Puback, 9);
        await gateway.DropAsync(client);
        client = await ConnectAsync(gateway, version);
        client.Send(ClientPackets.Publish("t", "m", QoS.AtLeastOnce, 9, dup: true, version: version));
        await client.ExpectAsync(PacketType.Puback, 9);
        Assert.False((await subscriber.ExpectPublishAsync("m")).Dup); // [MQTT-3.3.1-3]: not the publisher's flag
        Assert.False((await subscriber.ExpectPublishAsync("m")).Dup);
    }

    private static async Task<MemoryClient> SubscribedAsync(InMemoryGateway gateway)
    {
        var subscriber = await gateway.ConnectAsync("s");
        await subscriber.SubscribeAsync("t", QoS.ExactlyOnce);
        return subscriber;
    }

    private static Task<MemoryClient> ConnectAsync(InMemoryGateway gateway, ProtocolVersion version) =>
        gateway.ConnectAsync("c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 1000 : null, version);
}
