using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Quic;

/// <summary>What may be said on which stream, and what each stream has of its own. docs/decisions/0006.</summary>
public sealed class DataStreamTests
{
    private const int StreamProtocolError = 4308;

    [Fact]
    public async Task PacketsBeforeConnackAreHeld()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.OpenQuic();
        var control = client.OpenStream();
        var data = client.OpenStream();
        data.Send(ClientPackets.Subscribe(1, "t"));
        await Stuck.CalmAsync();
        Assert.True(data.Transport.Unread > 0); // it waits in the client

        await control.ConnectAsync("c");
        await data.ExpectAsync(PacketType.Suback, 1);
    }

    [Fact]
    public async Task RefusedConnectEndsTheStreamsThatWaitForIt()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Security.AllowAnonymous = false);
        var client = gateway.OpenQuic();
        var control = client.OpenStream();
        var data = client.OpenStream();
        data.Send(ClientPackets.Subscribe(1, "t"));
        Assert.Equal(ReasonCode.NotAuthorized, (await control.ConnectAsync("c")).Reason);
        await data.ExpectClosedAsync();
        await gateway.GoneAsync(client);
        Assert.True(client.StreamOf(data).IsDisposed);
    }

    [Fact]
    public async Task EachStreamHasPacketIdentifiersOfItsOwn()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        MemoryClient[] streams = [client.OpenStream(), client.OpenStream()];
        var watcher = await gateway.ConnectAsync("w");
        await watcher.SubscribeAsync("out", QoS.ExactlyOnce);
        foreach (var stream in streams)
        {
            stream.Send(ClientPackets.Publish("out", "same identifier", QoS.ExactlyOnce, 1));
            await stream.ExpectAsync(PacketType.Pubrec, 1);
        }

        await watcher.ExpectPublishAsync("same identifier"); // neither is a repetition of the other
        await watcher.ExpectPublishAsync("same identifier");
        foreach (var stream in streams)
        {
            stream.Send(ClientPackets.Pubrel(1));
            Assert.Equal(ReasonCode.Success, (await stream.ExpectAsync(PacketType.Pubcomp, 1)).Reason);
        }
    }

    [Fact]
    public async Task PublicationsOfTwoStreamsUnderOneIdentifierBothReachADurableSession() // [MQTT-4.3.3-10]: neither is a repetition of the other
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var reader = await gateway.ConnectAsync("r", cleanStart: false, expiry: 1000);
        await reader.SubscribeAsync("t", QoS.ExactlyOnce);
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        foreach (var (stream, text) in ((MemoryClient, string)[])[(client.Control, "0"), (client.OpenStream(), "1"), (client.OpenStream(), "2")])
        {
            stream.Send(ClientPackets.Publish("t", text, QoS.ExactlyOnce, 1));
            await stream.ExpectAsync(PacketType.Pubrec, 1);
            await reader.ExpectPublishAsync(text);
        }
    }

    [Fact]
    public async Task EachStreamHasAnInFlightWindowOfItsOwn()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        MemoryClient[] streams = [client.OpenStream(), client.OpenStream()];
        await streams[0].SubscribeAsync("a", QoS.AtLeastOnce);
        await streams[1].SubscribeAsync("b", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("a", "to the first", QoS.AtLeastOnce);
        await publisher.PublishAsync("b", "to the second", QoS.AtLeastOnce);
        Assert.Equal(1, (await streams[0].ExpectPublishAsync("to the first", acknowledge: false)).PacketId);
        Assert.Equal(1, (await streams[1].ExpectPublishAsync("to the second", acknowledge: false)).PacketId);

        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        Assert.Equal(2, session.InFlight);
        streams[0].Send(ClientPackets.Puback(1));
        await Stuck.UntilAsync(() => session.InFlight == 1, "the first stream's acknowledgement");
        streams[1].Send(ClientPackets.Puback(1));
        await Stuck.UntilAsync(() => session.InFlight == 0, "the second stream's acknowledgement");
    }

    [Fact]
    public async Task WhatASlowStreamHasNoWindowForComesOverTheControlStream() // I9
    {
        const int Window = 1000; // and one in flight
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.OpenQuic();
        await client.OpenStream().ConnectAsync(
            "c", cleanStart: false, expiry: 1000, properties: new PropertyList { { PropertyId.ReceiveMaximum, 1 } });
        await client.OpenStream().SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i <= Window + 1; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        await client.Control.ExpectPublishAsync($"{Window + 1}");
        await client.Control.NothingMoreAsync();
    }

    [Fact]
    public async Task MessageBehindOneThatIsToBeReadComesAfterIt()
    {
        var faults = new GrainFaults();
        faults.Plan.MaximumDelay = TimeSpan.FromSeconds(4);
        await using var gateway = await InMemoryGateway.StartAsync(faults: faults);
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        var data = client.OpenStream();
        await data.SubscribeAsync("t", QoS.AtLeastOnce);
        var publisher = await gateway.ConnectAsync("p");
        faults.Break("ISessionStoreGrain.QueueAsync", CallFault.TimeoutAfter, times: 1); // made again, its answer has no number
        faults.Break("ISessionStoreGrain.ReadAsync", CallFault.Delay, times: 1);
        await gateway.AdvanceUntilAsync(publisher.PublishAsync("t", "0", QoS.AtLeastOnce), "PUBACK");
        await publisher.PublishAsync("t", "1", QoS.AtLeastOnce);
        await gateway.AdvanceUntilAsync(client.Control.ExpectPublishAsync("0"), "the page");
        await client.Control.ExpectPublishAsync("1");
        faults.Break("ISessionStoreGrain.QueueAsync", CallFault.TimeoutAfter, times: 1);
        await gateway.AdvanceUntilAsync(publisher.PublishAsync("t", "2", QoS.AtLeastOnce), "PUBACK");
        await client.Control.ExpectPublishAsync("2");
        Assert.Equal([ReasonCode.Success], (await data.UnsubscribeAsync("t")).Reasons); // nothing before it
    }

    [Fact]
    public async Task UnsubscribeOnAnotherStreamFindsNoSubscription()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c", cleanStart: false, expiry: 1000);
        var (holder, other) = (client.OpenStream(), client.OpenStream());
        await holder.SubscribeAsync("t");
        Assert.Equal([ReasonCode.NoSubscriptionExisted], (await other.UnsubscribeAsync("t")).Reasons);
        Assert.Equal([ReasonCode.NoSubscriptionExisted], (await client.Control.UnsubscribeAsync("t")).Reasons);
        Assert.Single((await gateway.SessionInfoAsync("c")).Subscriptions);

        Assert.Equal([ReasonCode.Success], (await holder.UnsubscribeAsync("t")).Reasons);
        Assert.Empty((await gateway.SessionInfoAsync("c")).Subscriptions);
    }

    [Fact]
    public async Task SubscribingAgainMovesTheSubscriptionToTheStreamThatAskedLast()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var (first, second) = (client.OpenStream(), client.OpenStream());
        await first.SubscribeAsync("t");
        await second.SubscribeAsync("t");
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "once", QoS.AtLeastOnce);
        await second.ExpectPublishAsync("once");
        Assert.Equal([ReasonCode.NoSubscriptionExisted], (await first.UnsubscribeAsync("t")).Reasons);
        Assert.Equal([ReasonCode.Success], (await second.UnsubscribeAsync("t")).Reasons);
    }

    [Fact]
    public async Task NoLocalHoldsForTheWholeClient()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var (subscriber, publisher) = (client.OpenStream(), client.OpenStream());
        await subscriber.SubscribeAsync("t", noLocal: true);
        await publisher.SubscribeAsync("u");
        publisher.Send([.. ClientPackets.Publish("t", "own"), .. ClientPackets.Publish("u", "end", QoS.AtLeastOnce, 9)]);
        await publisher.AwaitAsync(PacketType.Puback, 9);
        Assert.Equal([ReasonCode.Success], (await subscriber.UnsubscribeAsync("t")).Reasons); // nothing before it
    }

    public static TheoryData<string, byte[]> ForeignPackets => new()
    {
        { "CONNECT", ClientPackets.Connect(ProtocolVersion.Mqtt5, "other") },
        { "PINGREQ", ClientPackets.Pingreq() },
        { "DISCONNECT", ClientPackets.Disconnect(ProtocolVersion.Mqtt5) },
        { "AUTH", ClientPackets.Auth(ReasonCode.ReAuthenticate, "SCRAM-SHA-256") },
        { "a malformed packet", [0x36, 0x02, 0, 0] },
        { "an oversized packet", [0x30, 0xFF, 0xFF, 0xFF, 0x7F] },
        { "a packet of the server", [0x90, 0x03, 0, 1, 0] },
    };

    [Theory, MemberData(nameof(ForeignPackets))]
    public async Task WhatDoesNotBelongOnADataStreamEndsThatStreamAlone(string what, byte[] packet)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var (data, other) = (client.OpenStream(), client.OpenStream());
        await other.SubscribeAsync("t");
        data.Send(packet);
        await data.ExpectClosedAsync();
        await Stuck.UntilAsync(() => client.StreamOf(data).IsDisposed, "the stream to be disposed");
        Assert.Equal(0x82, client.StreamOf(data).ResetCode);
        Assert.True(1 == gateway.Log.Lines.Count(line => line.EventId == StreamProtocolError), what);

        await client.Control.NothingMoreAsync();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "still here", QoS.AtLeastOnce);
        await other.ExpectPublishAsync("still here");
        Assert.Equal(CloseCause.None, gateway.Connections.All.Single(connection => connection.Client.Id == "c").Cause);
    }

    [Fact]
    public async Task DataStreamsKeepTheConnectionAlive()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c", keepAlive: 10);
        var data = client.OpenStream();
        for (ushort packetId = 1; packetId <= 4; packetId++)
        {
            await gateway.AdvanceAsync(TimeSpan.FromSeconds(10));
            data.Send(ClientPackets.Publish("t", "alive", QoS.AtLeastOnce, packetId));
            await data.ExpectAsync(PacketType.Puback, packetId);
        }

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(16));
        await client.Control.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
        await data.ExpectClosedAsync();
        await gateway.GoneAsync(client);
    }
}
