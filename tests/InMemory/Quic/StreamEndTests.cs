using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Quic;

/// <summary>What a data stream leaves behind when it ends and the session goes on.</summary>
public sealed class StreamEndTests
{
    [Fact]
    public async Task DeliveriesGoOnOverTheControlStream()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        await data.SubscribeAsync("t", QoS.ExactlyOnce, identifier: 5);
        await FinishAsync(client, data);

        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "later", QoS.ExactlyOnce);
        var delivery = await client.Control.ExpectPublishAsync("later");
        Assert.Equal([5u], delivery.Numbers(PropertyId.SubscriptionIdentifier));
        Assert.Equal([ReasonCode.Success], (await client.Control.UnsubscribeAsync("t")).Reasons);
    }

    [Theory, InlineData(QoS.AtLeastOnce), InlineData(QoS.ExactlyOnce)]
    public async Task UnacknowledgedMessagesComeAgainInOrder(QoS qos)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        await data.SubscribeAsync("t", qos);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "0", qos);
        await data.ExpectPublishAsync("0");
        await Stuck.CalmAsync(); // its last acknowledgement has arrived
        for (var i = 1; i <= 3; i++)
        {
            await publisher.PublishAsync("t", $"{i}", qos);
            await data.ExpectPublishAsync($"{i}", acknowledge: false);
        }

        client.StreamOf(data).Reset();
        for (var i = 1; i <= 3; i++)
        {
            var again = await client.Control.ExpectPublishAsync($"{i}");
            Assert.False(again.Dup); // under a new identifier it is a new packet
        }

        await client.Control.NothingMoreAsync();
    }

    [Fact]
    public async Task I8StoredMessageThatFindsItsStreamClosingComesBehindWhatWaitsThere()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.OpenQuic();
        await client.OpenStream().ConnectAsync(
            "c", cleanStart: false, expiry: 1000, properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        var data = client.OpenStream();
        await data.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "0", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "1", QoS.AtLeastOnce); // waits for the acknowledgement
        var stream = gateway.Connections.All.Single(connection => connection.Client.Id == "c").DataStreams.Single();
        using (await gateway.Sessions.Turns.TakeAsync("default/c")) // the stream is folded after it
        {
            client.StreamOf(data).Reset();
            await Stuck.UntilAsync(() => stream.IsClosing, "the stream to close");
            await publisher.PublishAsync("t", "2", QoS.AtLeastOnce);
        }

        for (var i = 0; i <= 2; i++)
        {
            await client.Control.ExpectPublishAsync($"{i}");
        }

        await client.Control.NothingMoreAsync();
    }

    [Fact]
    public async Task WhatWasReceivedByPubrecIsNotSentAgain()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        await data.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "once", QoS.ExactlyOnce);
        var publish = await data.ExpectPublishAsync("once", acknowledge: false);
        data.Send(ClientPackets.Pubrec(publish.PacketId));
        await data.ExpectAsync(PacketType.Pubrel, publish.PacketId);
        await FinishAsync(client, data);
        await client.Control.NothingMoreAsync();
    }

    [Fact]
    public async Task StoreKeepsNothingOfWhatWasReceivedByPubrec()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        var data = client.OpenStream();
        await data.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "once", QoS.ExactlyOnce);
        var publish = await data.ExpectPublishAsync("once", acknowledge: false);
        data.Send(ClientPackets.Pubrec(publish.PacketId));
        await data.ExpectAsync(PacketType.Pubrel, publish.PacketId);
        await FinishAsync(client, data);
        client.Link.Drop();
        await gateway.GoneAsync(client);
        Assert.Equal(0, (await gateway.SessionInfoAsync("c")).Queued);
    }

    [Fact]
    public async Task QoS0ThatNeverLeftItsStreamLeavesOnTheControlStream()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        await data.SubscribeAsync("t");
        var publisher = await gateway.ConnectAsync("p");
        data.Transport.StopTaking();
        for (var i = 0; i < 3; i++)
        {
            await publisher.PublishAsync("t", $"{i}"); // the first is in the write that hangs
        }

        client.StreamOf(data).Reset();
        await client.Control.ExpectPublishAsync("1");
        await client.Control.ExpectPublishAsync("2");
        await client.Control.NothingMoreAsync();
    }

    [Fact]
    public async Task AcknowledgementsStillLeaveBehindTheClientsFin()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        data.Send([.. ClientPackets.Publish("t", "1", QoS.AtLeastOnce, 1), .. ClientPackets.Publish("t", "2", QoS.AtLeastOnce, 2)]);
        client.StreamOf(data).Finish();
        await data.ExpectAsync(PacketType.Puback, 1);
        await data.ExpectAsync(PacketType.Puback, 2);
        await data.ExpectClosedAsync();
        Assert.True(client.StreamOf(data).IsFinished);
        Assert.Null(client.StreamOf(data).ResetCode);
    }

    [Fact]
    public async Task DurableSubscriptionsAndMessagesOfStreamsOutliveTheConnection()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        MemoryClient[] streams = [client.OpenStream(), client.OpenStream()];
        await streams[0].SubscribeAsync("a", QoS.AtLeastOnce);
        await streams[1].SubscribeAsync("b", QoS.ExactlyOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("a", "unacknowledged", QoS.AtLeastOnce);
        await streams[0].ExpectPublishAsync("unacknowledged", acknowledge: false);
        client.Link.Drop();
        await gateway.GoneAsync(client);
        await publisher.PublishAsync("b", "offline", QoS.ExactlyOnce);

        var again = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await again.ExpectPublishAsync("unacknowledged");
        await again.ExpectPublishAsync("offline");
        await publisher.PublishAsync("a", "live", QoS.AtLeastOnce);
        await again.ExpectPublishAsync("live");
        await again.NothingMoreAsync();
    }

    [Fact]
    public async Task TakeoverByTcpGetsTheStreamsSubscriptions()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        var data = client.OpenStream();
        await data.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QoS.AtLeastOnce);
        await data.ExpectPublishAsync("1", acknowledge: false);

        var successor = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await client.Control.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await successor.ExpectPublishAsync("1");
        await publisher.PublishAsync("t", "2", QoS.AtLeastOnce);
        await successor.ExpectPublishAsync("2");
        await successor.NothingMoreAsync();
        await gateway.GoneAsync(client);
    }

    [Fact]
    public async Task EndedSessionLeavesNoSubscriptionOfItsStreams()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        await client.OpenStream().SubscribeAsync("t");
        await client.OpenStream().SubscribeAsync("$share/g/t");
        client.Control.Send(ClientPackets.Disconnect(ProtocolVersion.Mqtt5));
        await gateway.GoneAsync(client);
        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("t", "nobody", QoS.AtLeastOnce));
        Assert.False(gateway.Sessions.TryGet("default/c", out _));
    }

    [Fact]
    public async Task NothingFollowsDisconnectOnTheControlStream()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        for (var round = 0; round < 20; round++)
        {
            var client = await gateway.ConnectQuicAsync("c");
            var data = client.OpenStream();
            await data.SubscribeAsync("t", QoS.AtLeastOnce);
            await publisher.PublishAsync("t", "unacknowledged", QoS.AtLeastOnce);
            await data.ExpectPublishAsync("unacknowledged", acknowledge: false);
            client.Control.Send(ClientPackets.Disconnect(ProtocolVersion.Mqtt5));
            await client.Control.ExpectClosedAsync();
            await gateway.GoneAsync(client);
        }
    }

    private static async Task FinishAsync(MemoryQuicClient client, MemoryClient data)
    {
        client.StreamOf(data).Finish();
        await data.ExpectClosedAsync();
        await Stuck.UntilAsync(() => client.StreamOf(data).IsDisposed, "the stream to be disposed");
    }
}
