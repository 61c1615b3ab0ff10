using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Delivery;

/// <summary>Topic aliases in both directions. MQTT 5 §3.3.2.3.4.</summary>
public sealed class TopicAliasTests
{
    [Fact]
    public async Task AliasStandsForItsTopicUntilItIsChanged()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await gateway.ConnectAsync("s");
        await subscriber.SubscribeAsync("#", QoS.AtLeastOnce);
        var client = await gateway.ConnectAsync("c");
        await PublishAsync(client, "first", 3, "a");
        await PublishAsync(client, "", 3, "b");
        await PublishAsync(client, "second", 3, "c");
        await PublishAsync(client, "", 3, "d");
        foreach (var (topic, text) in ((string, string)[])[("first", "a"), ("first", "b"), ("second", "c"), ("second", "d")])
        {
            Assert.Equal(topic, (await subscriber.ExpectPublishAsync(text)).Topic);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    [InlineData(65535)]
    public async Task AliasOutsideTheMaximumEndsTheConnection(uint alias) // [MQTT-3.3.2-8] [MQTT-3.3.2-9]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.Open();
        Assert.Equal(64u, (await client.ConnectAsync("c")).Number(PropertyId.TopicAliasMaximum));
        client.Send(ClientPackets.Publish("t", "m", properties: new PropertyList { { PropertyId.TopicAlias, alias } }));
        await client.ExpectDisconnectAsync(ReasonCode.TopicAliasInvalid);
    }

    [Fact]
    public async Task UnknownAliasIsAProtocolError()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c");
        client.Send(ClientPackets.Publish("", "m", properties: new PropertyList { { PropertyId.TopicAlias, 1 } }));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task AliasesEndWithTheirConnection() // [MQTT-3.3.2-7]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100);
        await PublishAsync(client, "t", 1, "a");
        await gateway.DropAsync(client);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 100, sessionPresent: true);
        client.Send(ClientPackets.Publish("", "m", properties: new PropertyList { { PropertyId.TopicAlias, 1 } }));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task ServerWithoutAliasesAcceptsNone()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.TopicAliasMaximum = 0);
        var client = gateway.Open();
        Assert.Null((await client.ConnectAsync("c")).Number(PropertyId.TopicAliasMaximum));
        client.Send(ClientPackets.Publish("t", "m", properties: new PropertyList { { PropertyId.TopicAlias, 1 } }));
        await client.ExpectDisconnectAsync(ReasonCode.TopicAliasInvalid);
    }

    [Fact]
    public async Task ServerUsesAliasesUpToTheClientsMaximum() // [MQTT-3.1.2-26]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.TopicAliasMaximum, 2 } });
        await client.SubscribeAsync("#");
        var publisher = await gateway.ConnectAsync("p");
        var known = new Dictionary<uint, string>();
        var random = new Random(1);
        var saved = 0;
        for (var i = 0; i < 60; i++)
        {
            var topic = $"some/topic/{random.Next(4)}";
            await publisher.PublishAsync(topic, $"{i}");
            var publish = await client.ExpectPublishAsync($"{i}");
            var alias = publish.Number(PropertyId.TopicAlias);
            Assert.True(alias is null or 1 or 2);
            if (publish.Topic.Length == 0)
            {
                saved++;
                Assert.Equal(topic, known[alias!.Value]); // an empty topic comes with an alias
            }
            else
            {
                Assert.Equal(topic, publish.Topic);
                if (alias is { } number)
                {
                    known[number] = topic;
                }
            }
        }

        Assert.True(saved > 10);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task ClientThatOffersNoAliasesGetsNone(ProtocolVersion version) // [MQTT-3.1.2-27]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", version: version);
        await client.SubscribeAsync("#");
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 3; i++)
        {
            await publisher.PublishAsync("some/topic", $"{i}");
            var publish = await client.ExpectPublishAsync($"{i}");
            Assert.Equal("some/topic", publish.Topic);
            Assert.Empty(publish.Properties);
        }
    }

    [Fact]
    public async Task PublishersAliasIsNotForwarded()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await gateway.ConnectAsync("s");
        await subscriber.SubscribeAsync("#", QoS.AtLeastOnce);
        var client = await gateway.ConnectAsync("c");
        await PublishAsync(client, "t", 3, "a");
        var publish = await subscriber.ExpectPublishAsync("a");
        Assert.Equal("t", publish.Topic);
        Assert.Empty(publish.Properties);
    }

    private static Task PublishAsync(MemoryClient client, string topic, uint alias, string text) =>
        client.PublishAsync(topic, text, QoS.AtLeastOnce, properties: new PropertyList { { PropertyId.TopicAlias, alias } });
}
