using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Delivery;

/// <summary>Invariant I8: first in, first out per publisher, topic and QoS. MQTT 5 §4.6.</summary>
public sealed class OrderTests
{
    [Theory]
    [InlineData(QoS.AtMostOnce)]
    [InlineData(QoS.AtLeastOnce)]
    [InlineData(QoS.ExactlyOnce)]
    public async Task I8EveryPublishersMessagesStayInOrder(QoS qos)
    {
        const int Publishers = 4, Messages = 200;
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await gateway.ConnectAsync("s");
        await subscriber.SubscribeAsync("t/#", qos);
        var publishing = Enumerable.Range(0, Publishers).Select(number => Task.Run(async () =>
        {
            var publisher = await gateway.ConnectAsync($"p{number}");
            for (var i = 0; i < Messages; i++)
            {
                await publisher.PublishAsync($"t/{number}", $"{i}", qos);
            }
        })).ToArray();

        var next = new int[Publishers];
        for (var i = 0; i < Publishers * Messages; i++)
        {
            var publish = await subscriber.ExpectAsync(PacketType.Publish);
            var number = publish.Topic[^1] - '0';
            Assert.Equal($"{next[number]++}", publish.Text);
            await subscriber.FinishAsync(publish);
        }

        await Task.WhenAll(publishing).OrStuck("the publishers");
        await subscriber.NothingMoreAsync();
    }

    [Theory]
    [InlineData(false, QoS.AtLeastOnce)]
    [InlineData(false, QoS.ExactlyOnce)]
    [InlineData(true, QoS.AtLeastOnce)] // on the same gateway, from a connection that is still there
    public async Task I8WhatComesAfterASessionWasResumedForItsLastConnectionStaysBehindWhatTheStoreHas(bool takesOver, QoS qos) // [MQTT-4.6.0-6]
    {
        const int Stored = 1500; // CONNECT brings 64, and 1,000 wait for the client at once
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Delivery.MaximumInFlight = 10);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", qos);
        if (!takesOver)
        {
            await gateway.DropAsync(client);
        }

        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < Stored; i++)
        {
            await publisher.PublishAsync("t", $"{i}", qos);
        }

        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 0, sessionPresent: true);
        for (var i = Stored; i < Stored + 10; i++)
        {
            await publisher.PublishAsync("t", $"{i}", qos);
        }

        for (var i = 0; i < Stored + 10; i++)
        {
            await client.ExpectPublishAsync($"{i}");
        }

        await client.NothingMoreAsync();
        Assert.Equal(0, gateway.Metrics.Sum("mqtt_messages_dropped_total", "QueueFull"));
    }

    [Theory]
    [InlineData(QoS.AtMostOnce)]
    [InlineData(QoS.AtLeastOnce)]
    public async Task MessagesOfOneReadStayInOrder(QoS qos)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var subscriber = await gateway.ConnectAsync("s");
        await subscriber.SubscribeAsync("t", qos);
        var publisher = await gateway.ConnectAsync("p");
        publisher.Send([.. Enumerable.Range(1, 60).SelectMany(i => ClientPackets.Publish("t", $"{i}", qos, qos == QoS.AtMostOnce ? (ushort)0 : (ushort)i))]);
        for (var i = 1; i <= 60; i++)
        {
            await subscriber.ExpectPublishAsync($"{i}");
        }
    }

    [Fact] // [MQTT-4.6.0-2] [MQTT-4.6.0-3]
    public async Task AcknowledgementsComeInTheOrderOfThePublications()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        for (var i = 0; i < 4; i++) // offline sessions on different shards, so that some acknowledgements have to wait
        {
            var durable = await gateway.ConnectAsync($"d{i}", cleanStart: false, expiry: 100);
            await durable.SubscribeAsync($"wait/{i}", QoS.ExactlyOnce);
            await gateway.DropAsync(durable);
        }

        var live = await gateway.ConnectAsync("live");
        await live.SubscribeAsync("at-once", QoS.AtMostOnce);
        var publisher = await gateway.ConnectAsync("p");
        foreach (var qos in (QoS[])[QoS.AtLeastOnce, QoS.ExactlyOnce])
        {
            publisher.Send([.. Enumerable.Range(1, 40).SelectMany(id =>
                ClientPackets.Publish(id % 3 == 0 ? "at-once" : $"wait/{id % 4}", $"{id}", qos, (ushort)id))]);
            for (ushort id = 1; id <= 40; id++)
            {
                await publisher.ExpectAsync(qos == QoS.AtLeastOnce ? PacketType.Puback : PacketType.Pubrec, id);
            }
        }
    }

    [Fact]
    public async Task LaterMessagesDoNotOvertakeThoseThatWaitForAPlace()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 50; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        for (var i = 0; i < 50; i++)
        {
            await client.ExpectPublishAsync($"{i}");
            await publisher.PublishAsync("t", $"{50 + i}", QoS.AtLeastOnce);
        }

        for (var i = 50; i < 100; i++)
        {
            await client.ExpectPublishAsync($"{i}");
        }
    }
}
