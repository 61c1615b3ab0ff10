using System.Net.Quic;
using System.Runtime.Versioning;
using System.Security.Authentication;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports.Quic;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Sockets.Quic;

/// <summary>Clients of the real protocol stack that break off or overdo it; after each of them a good client is served.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed class QuicBadInputTests : IAsyncLifetime
{
    private const int StreamProtocolError = 4308;

    private static readonly byte[] HalfPublish = ClientPackets.Publish("t", "payload", QoS.AtLeastOnce, 1)[..^3];

    private SocketGateway? _gateway;

    private SocketGateway Gateway => _gateway ?? throw new InvalidOperationException("The broker is not started.");

    public async ValueTask InitializeAsync()
    {
        Matrix.SkipWhenMissing(ListenerKind.Quic);
        _gateway = await SocketGateway.StartAsync();
    }

    public ValueTask DisposeAsync() => _gateway?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task WrongApplicationProtocolIsRefused()
    {
        await Assert.ThrowsAnyAsync<AuthenticationException>(
            () => QuicDialer.ConnectAsync(Gateway.Certificate, Gateway.EndPoint(ListenerKind.Quic), protocol: "h3"));
        await ServesAsync();
    }

    [Fact]
    public async Task UnidirectionalStreamsAreNotGranted()
    {
        await using var peer = await QuicPeer.OpenAsync(Gateway);
        var opening = peer.Connection.OpenOutboundStreamAsync(QuicStreamType.Unidirectional).AsTask();
        var control = await peer.OpenClientAsync();
        await control.ConnectAsync("c");
        Assert.False(opening.IsCompleted);
        await peer.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => opening);
    }

    [Fact]
    public async Task StreamResetInsideAPacketEndsAlone()
    {
        await using var peer = await QuicPeer.ConnectAsync(Gateway, "c");
        await using var stream = await peer.OpenStreamAsync();
        await stream.WriteAsync(HalfPublish);
        var connection = await Gateway.ConnectionOfAsync("c");
        await Stuck.UntilAsync(() => connection.DataStreams.Count == 1, "the stream to open");
        stream.Abort(QuicAbortDirection.Both, 7);
        await Stuck.UntilAsync(() => connection.DataStreams.Count == 0, "the stream to end");
        await PingAsync(peer.Control);
    }

    [Fact]
    public async Task FinInsideAPacketResetsTheStream()
    {
        await using var peer = await QuicPeer.ConnectAsync(Gateway, "c");
        await using var stream = await peer.OpenStreamAsync();
        await stream.WriteAsync(HalfPublish, completeWrites: true);
        var reset = await Assert.ThrowsAsync<QuicException>(() => stream.ReadAsync(new byte[1]).AsTask().OrStuck("the reset"));
        Assert.Equal(QuicErrorCode.ProtocolError, reset.ApplicationErrorCode);
        Assert.Single(Gateway.Log.Lines, line => line.EventId == StreamProtocolError);
        await PingAsync(peer.Control);
    }

    [Fact]
    public async Task LosingTheControlStreamEndsTheConnectionWithCode1()
    {
        await using var peer = await QuicPeer.ConnectAsync(Gateway, "c");
        peer.Control.Drop();
        Assert.Equal(QuicErrorCode.ControlStreamLost, await peer.ClosedAsync());
        await GoneAsync("c");
    }

    [Fact]
    public async Task ThousandAbandonedStreamsLeaveNothing()
    {
        await using var peer = await QuicPeer.ConnectAsync(Gateway, "c");
        for (var i = 0; i < 1000; i++)
        {
            var stream = await peer.OpenStreamAsync(); // waits until one of the earlier ones is disposed
            await stream.WriteAsync(i % 2 == 0 ? HalfPublish : ClientPackets.Subscribe(1, $"t/{i}"));
            stream.Abort(QuicAbortDirection.Both, 7);
            await stream.DisposeAsync();
        }

        var connection = await Gateway.ConnectionOfAsync("c");
        await Stuck.UntilAsync(() => connection.DataStreams.Count == 0, "the streams to end");
        await PingAsync(peer.Control);
        await ServesAsync();
    }

    [Fact]
    public async Task NoMoreStreamsAreGrantedThanConfigured()
    {
        await using var peer = await QuicPeer.ConnectAsync(Gateway, "c");
        var streams = new List<RawClient>();
        for (var i = 1; i < new QuicOptions().MaximumStreams; i++)
        {
            streams.Add(await peer.OpenClientAsync());
        }

        var next = peer.OpenStreamAsync();
        await PingAsync(peer.Control);
        Assert.False(next.IsCompleted);

        await streams[0].SendAsync(ClientPackets.Subscribe(1, "t"));
        await streams[0].ReceiveAsync(PacketType.Suback);
        streams[0].Drop();
        await next;
    }

    [Fact]
    public async Task ConnectionMayCloseWithPendingWrites()
    {
        await using var peer = await QuicPeer.ConnectAsync(Gateway, "c", receiveBuffer: 4096);
        var data = await peer.OpenClientAsync();
        await data.SendAsync(ClientPackets.Subscribe(1, "t"));
        await data.ReceiveAsync(PacketType.Suback);
        await using var publisher = await RawClient.ConnectAsync(Gateway, ListenerKind.Tcp, ProtocolVersion.Mqtt5, "p");
        for (ushort packetId = 1; packetId <= 50; packetId++)
        {
            await publisher.SendAsync(ClientPackets.Publish("t", new byte[16 * 1024], QoS.AtLeastOnce, packetId));
            await publisher.ReceiveAsync(PacketType.Puback);
        }

        await peer.Connection.CloseAsync(0);
        await GoneAsync("c");
        await ServesAsync();
    }

    [Fact]
    public async Task NewCertificateIsForNewConnections()
    {
        await using var peer = await QuicPeer.ConnectAsync(Gateway, "c");
        using var renewed = TestCertificate.Create("GrainMQ renewed");
        var options = Gateway.Services.GetService(typeof(TlsOptions)) as TlsOptions;
        TestCertificate.WritePem(renewed, options?.Certificate ?? "", options?.Key ?? "");
        await Stuck.UntilAsync(() => Gateway.Log.Lines.Any(line => line.EventId == 1121), "the certificate to be read again");

        await using var second = await QuicDialer.ConnectAsync(renewed, Gateway.EndPoint(ListenerKind.Quic));
        await PingAsync(peer.Control);
    }

    /// <summary>What a client does wrong is no error of ours, and others are served.</summary>
    private async Task ServesAsync()
    {
        await using var client = await RawClient.ConnectAsync(Gateway, ListenerKind.Quic, ProtocolVersion.Mqtt5, "good");
        await PingAsync(client);
        Assert.DoesNotContain(Gateway.Log.Lines, line => line.Level >= LogLevel.Error);
    }

    private Task GoneAsync(string clientId) =>
        Stuck.UntilAsync(() => Gateway.Connections.All.All(connection => connection.Client.Id != clientId), $"the connection of {clientId} to end");

    private static async Task PingAsync(RawClient client)
    {
        await client.SendAsync(ClientPackets.Pingreq());
        await client.ReceiveAsync(PacketType.Pingresp);
    }
}
