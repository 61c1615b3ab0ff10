using System.Net.Quic;
using System.Runtime.Versioning;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.Quic;

/// <summary>A client with several streams on one real QUIC connection.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal sealed class QuicPeer : IAsyncDisposable
{
    private readonly QuicConnection _connection;
    private readonly ProtocolVersion _version;
    private RawClient? _control;

    private QuicPeer(QuicConnection connection, ProtocolVersion version) => (_connection, _version) = (connection, version);

    public QuicConnection Connection => _connection;

    /// <summary>The control stream of a peer that has connected.</summary>
    public RawClient Control => _control ?? throw new InvalidOperationException("The peer has no control stream.");

    public static async Task<QuicPeer> OpenAsync(
        SocketGateway gateway, ProtocolVersion version = ProtocolVersion.Mqtt5, int? receiveBuffer = null)
    {
        var connecting = QuicDialer.ConnectAsync(gateway.Certificate, gateway.EndPoint(ListenerKind.Quic), receiveBuffer);
        return new QuicPeer(await connecting.OrStuck("the QUIC handshake"), version);
    }

    /// <summary>Opens the control stream and says CONNECT on it; CONNACK has to accept it.</summary>
    public static async Task<QuicPeer> ConnectAsync(
        SocketGateway gateway, string clientId, ProtocolVersion version = ProtocolVersion.Mqtt5, int? receiveBuffer = null)
    {
        var peer = await OpenAsync(gateway, version, receiveBuffer);
        peer._control = await peer.OpenClientAsync();
        await peer._control.ConnectAsync(clientId);
        return peer;
    }

    public async Task<QuicStream> OpenStreamAsync(QuicStreamType type = QuicStreamType.Bidirectional) =>
        await _connection.OpenOutboundStreamAsync(type).AsTask().OrStuck("the broker to grant a stream");

    /// <summary>The first one is the control stream.</summary>
    public async Task<RawClient> OpenClientAsync()
    {
        var stream = await OpenStreamAsync();
        return RawClient.On(new RawStream(stream, null, () => stream.Abort(QuicAbortDirection.Both, 0), null), _version);
    }

    /// <summary>The application error code that the broker closes the connection with.</summary>
    public async Task<long?> ClosedAsync()
    {
        try
        {
            while (true)
            {
                await (await _connection.AcceptInboundStreamAsync().AsTask().OrStuck("the broker to close")).DisposeAsync();
            }
        }
        catch (QuicException e)
        {
            return e.ApplicationErrorCode;
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
