using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports.Quic;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.InMemory.Quic;

/// <summary>Clients that break off, overdo it or say nothing: the right code, one line in the log, nothing left, no other client affected.</summary>
public sealed class QuicBadInputTests
{
    private const int NullOutboundFrame = 4310;
    private const int StreamProtocolError = 4308;
    private const int StreamStalled = 4309;

    private static readonly byte[] HalfPublish = ClientPackets.Publish("t", "payload", QoS.AtLeastOnce, 1)[..^3];

    public static TheoryData<bool> ResetOrFin => [true, false];

    [Theory, MemberData(nameof(ResetOrFin))]
    public async Task LosingTheControlStreamEndsTheConnectionWithCode1(bool reset)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await gateway.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        var client = await gateway.ConnectQuicAsync("c", will: new ClientWill("will", "gone"u8.ToArray()));
        var data = client.OpenStream();
        await data.SubscribeAsync("t");
        client.Control.Send(HalfPublish);
        var control = client.StreamOf(client.Control);
        if (reset)
        {
            control.Reset();
        }
        else
        {
            control.Finish();
        }

        await client.Link.ClosedAsync();
        Assert.Equal(QuicErrorCode.ControlStreamLost, client.Link.CloseCode);
        await gateway.GoneAsync(client);
        await watcher.ExpectPublishAsync("gone");
        await AssertNothingLeftAsync(client);
        Assert.DoesNotContain(gateway.Log.Lines, line => line.Level >= LogLevel.Warning); // clients come and go
    }

    [Fact]
    public async Task StreamResetInsideAPacketIsForgotten()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        data.Send(HalfPublish);
        await Stuck.CalmAsync();
        client.StreamOf(data).Reset();
        await Stuck.UntilAsync(() => client.StreamOf(data).IsDisposed, "the stream to be disposed");
        await client.Control.NothingMoreAsync();
    }

    [Fact]
    public async Task FinInsideAPacketResetsTheStream()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        data.Send(HalfPublish);
        client.StreamOf(data).Finish();
        await data.ExpectClosedAsync();
        await Stuck.UntilAsync(() => client.StreamOf(data).IsDisposed, "the stream to be disposed");
        Assert.Equal(QuicErrorCode.ProtocolError, client.StreamOf(data).ResetCode);
        Assert.Single(gateway.Log.Lines, line => line.EventId == StreamProtocolError);
        await client.Control.NothingMoreAsync();
    }

    [Fact]
    public async Task UnidirectionalStreamsAreResetAndDisposed()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.OpenQuic();
        var before = client.Link.TryOpen(bidirectional: false); // not taken for the control stream
        await client.ConnectAsync("c");
        var after = client.Link.TryOpen(bidirectional: false);
        var data = client.OpenStream();
        await data.SubscribeAsync("t");
        Assert.Equal((QuicErrorCode.UnidirectionalStream, true), (before?.ResetCode, before?.IsDisposed));
        Assert.Equal((QuicErrorCode.UnidirectionalStream, true), (after?.ResetCode, after?.IsDisposed));
    }

    [Fact]
    public async Task ThousandAbandonedStreamsLeaveNothing()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.OpenQuic(maximumStreams: 32);
        await client.ConnectAsync("c");
        var neighbour = await gateway.ConnectAsync("n");
        for (var i = 0; i < 1000; i++)
        {
            await Stuck.UntilAsync(() => client.Link.OpenStreams < 32, "the server to grant a stream");
            var stream = client.Link.TryOpen() ?? throw new InvalidOperationException("The server grants no further stream.");
            stream.Pipe.Send(i % 3 == 0 ? [] : i % 3 == 1 ? HalfPublish : ClientPackets.Subscribe(1, $"t/{i}"));
            stream.Reset();
        }

        await Stuck.UntilAsync(() => client.Link.OpenStreams == 1, "the streams to be disposed");
        var connection = gateway.Connections.All.Single(connection => connection.Client.Id == "c");
        Assert.Empty(connection.DataStreams);
        await client.Control.NothingMoreAsync();
        await neighbour.NothingMoreAsync();
    }

    [Fact]
    public async Task NoMoreStreamsAreServedThanAreGranted()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.OpenQuic(maximumStreams: 16);
        await client.ConnectAsync("c");
        var streams = Enumerable.Range(0, 15).Select(_ => client.OpenStream()).ToList();
        Assert.Null(client.Link.TryOpen());
        foreach (var stream in streams)
        {
            await stream.SubscribeAsync($"t/{streams.IndexOf(stream)}");
        }
    }

    [Fact]
    public async Task ConnectionMayCloseWithPendingWrites()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        await data.SubscribeAsync("t", QoS.AtLeastOnce);
        data.Transport.StopTaking();
        client.Control.Transport.StopTaking();
        client.Control.Send(ClientPackets.Pingreq());
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
        }

        client.Link.Drop();
        await gateway.GoneAsync(client);
        await AssertNothingLeftAsync(client);
        await publisher.NothingMoreAsync();
    }

    [Fact]
    public async Task StalledStreamIsClosedAndItsMessagesComeOverTheControlStream()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        await data.SubscribeAsync("t", QoS.AtLeastOnce);
        data.Transport.StopTaking();
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "2", QoS.AtLeastOnce);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(32));
        await client.Control.ExpectPublishAsync("1");
        await client.Control.ExpectPublishAsync("2");
        Assert.True(client.StreamOf(data).IsDisposed);
        Assert.Single(gateway.Log.Lines, line => line.EventId == StreamStalled);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(5)]
    public async Task ClientWithoutConnectIsClosedInTime(int streams)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.OpenQuic();
        for (var i = 0; i < streams; i++)
        {
            client.OpenStream().Send(i == 0 ? ClientPackets.Connect(ProtocolVersion.Mqtt5, "c")[..^1] : HalfPublish);
        }

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(9));
        Assert.Null(client.Link.CloseCode);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(5));
        await client.Link.ClosedAsync();
        await gateway.GoneAsync(client);
        await AssertNothingLeftAsync(client);
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_connections_closed_total", nameof(CloseCause.ConnectTimeout)));
    }

    [Theory, InlineData(ProtocolVersion.Mqtt311), InlineData(ProtocolVersion.Mqtt5)]
    public async Task I1NullFrameOnADataStreamClosesTheConnectionAndLosesNothing(ProtocolVersion version)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        gateway.ExpectError(NullOutboundFrame);
        var client = await gateway.ConnectQuicAsync("c", version, cleanStart: false, expiry: version == ProtocolVersion.Mqtt5 ? 1000 : null);
        var data = client.OpenStream(version);
        await data.SubscribeAsync("t", QoS.AtLeastOnce);
        var stream = gateway.Connections.All.Single(connection => connection.Client.Id == "c").DataStreams.Single();
        stream.Outbound.TryEnqueue(default);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "behind it", QoS.AtLeastOnce); // wakes the writer

        client.Control.Version = version;
        await client.Control.ExpectDisconnectAsync(ReasonCode.ImplementationSpecificError);
        await client.Link.ClosedAsync();
        Assert.Equal(QuicErrorCode.InternalError, client.Link.CloseCode);
        await gateway.GoneAsync(client);
        Assert.Single(gateway.Log.Lines, line => line.EventId == NullOutboundFrame);
        var again = await gateway.ConnectAsync("c", cleanStart: false, version: version, expiry: version == ProtocolVersion.Mqtt5 ? 1000 : null);
        await again.ExpectPublishAsync("behind it");
    }

    [Fact]
    public async Task ShutdownTellsTheClientOnItsControlStream()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectQuicAsync("c");
        var data = client.OpenStream();
        await data.SubscribeAsync("t");
        var stopped = gateway.StopAsync();
        await client.Control.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
        await data.ExpectClosedAsync();
        await stopped;
        Assert.Equal(QuicErrorCode.None, client.Link.CloseCode);
    }

    private static async Task AssertNothingLeftAsync(MemoryQuicClient client)
    {
        await Stuck.UntilAsync(() => client.Link is { IsDisposed: true, OpenStreams: 0 }, "the connection and its streams to be disposed");
    }
}
