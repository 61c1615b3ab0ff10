using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Delivery;

/// <summary>Messages between clients of different versions.</summary>
public sealed class TranslationTests
{
    public static TheoryData<ProtocolVersion, ProtocolVersion, QoS> Pairs
    {
        get
        {
            var data = new TheoryData<ProtocolVersion, ProtocolVersion, QoS>();
            ProtocolVersion[] versions = [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5];
            foreach (var from in versions)
            {
                foreach (var to in versions)
                {
                    foreach (var qos in Enum.GetValues<QoS>())
                    {
                        data.Add(from, to, qos);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task EveryVersionReachesEveryOther(ProtocolVersion from, ProtocolVersion to, QoS qos)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await gateway.ConnectAsync("s", version: to);
        await subscriber.SubscribeAsync("a/+", qos);
        var publisher = await gateway.ConnectAsync("p", version: from);
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("a/b", "hello", qos));
        var publish = await subscriber.ExpectPublishAsync("hello");
        Assert.Equal("a/b", publish.Topic);
        Assert.Equal(qos, publish.QoS);
        Assert.False(publish.Retain);
        Assert.Empty(publish.Properties);
        await subscriber.NothingMoreAsync();
    }

    [Fact]
    public async Task PropertiesAreForwardedInOrderAndUnaltered() // [MQTT-3.3.2-17] [MQTT-3.3.2-18]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await gateway.ConnectAsync("s");
        await subscriber.SubscribeAsync("t", QoS.AtLeastOnce);
        var older = await gateway.ConnectAsync("o", version: ProtocolVersion.Mqtt311);
        await older.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, properties: new PropertyList
        {
            { "b", "2" }, { PropertyId.PayloadFormatIndicator, 1 }, { "a", "1" }, { PropertyId.CorrelationData, "id"u8.ToArray() },
            { PropertyId.ResponseTopic, "reply" }, { "b", "2" }, { PropertyId.ContentType, "text/plain" },
        });
        var publish = await subscriber.ExpectPublishAsync("m");
        Assert.Equal(
            [(PropertyId.UserProperty, (object)"b=2"), (PropertyId.PayloadFormatIndicator, 1u), (PropertyId.UserProperty, "a=1"),
                (PropertyId.CorrelationData, "id"), (PropertyId.ResponseTopic, "reply"), (PropertyId.UserProperty, "b=2"),
                (PropertyId.ContentType, "text/plain")],
            publish.Properties);
        await older.ExpectPublishAsync("m");
    }

    [Fact]
    public async Task DeliveryIsAtTheLowerQoS() // [MQTT-3.8.4-8]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        foreach (var granted in Enum.GetValues<QoS>())
        {
            var subscriber = await gateway.ConnectAsync("s");
            await subscriber.SubscribeAsync("t", granted);
            foreach (var published in Enum.GetValues<QoS>())
            {
                await publisher.PublishAsync("t", "m", published);
                Assert.Equal((QoS)Math.Min((int)granted, (int)published), (await subscriber.ExpectPublishAsync("m")).QoS);
            }
        }
    }

    [Fact]
    public async Task MaximumQoSBindsPublishersAndSubscribers() // [MQTT-3.2.2-9] [MQTT-3.2.2-11]
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.MaximumQoS = 1);
        var client = gateway.Open();
        Assert.Equal(1u, (await client.ConnectAsync("c")).Number(PropertyId.MaximumQoS));
        var suback = await client.SubscribeAsync([("t", 2)]);
        Assert.Equal([ReasonCode.GrantedQoS1], suback.Reasons);
        await client.PublishAsync("t", "m", QoS.AtLeastOnce);
        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 5));
        while (await client.ReceiveAsync() is { } packet)
        {
            Assert.True(packet.Type is PacketType.Publish || packet.Reason == ReasonCode.QoSNotSupported);
        }
    }
}
