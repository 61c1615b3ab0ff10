using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Listeners;

namespace GrainMQ.Tests.Testing;

/// <summary>A client's end of a byte pipe of any kind, handshakes done.</summary>
/// <param name="Drop">Breaks the connection without a word.</param>
internal sealed record RawStream(Stream Stream, EndPoint? LocalEndPoint, Action Drop, WebSocket? WebSocket)
{
    /// <param name="receiveBuffer">Bytes that the client's kernel takes while the client reads nothing; null: the system's default.</param>
    public static Task<RawStream> ConnectAsync(SocketGateway gateway, ListenerKind kind, int? receiveBuffer = null) =>
        kind == ListenerKind.Unix
            ? ConnectPlainAsync(gateway.Address(kind), receiveBuffer)
            : ConnectAsync(kind, gateway.EndPoint(kind), gateway.Certificate, receiveBuffer);

    /// <param name="expected">The broker's certificate, on listeners that have one.</param>
    public static Task<RawStream> ConnectAsync(ListenerKind kind, IPEndPoint endPoint, X509Certificate2 expected, int? receiveBuffer = null) => kind switch
    {
        ListenerKind.Tcp => ConnectPlainAsync(endPoint, receiveBuffer),
        ListenerKind.Tls => ConnectTlsAsync(expected, endPoint, receiveBuffer),
        ListenerKind.Quic when QuicSupport.IsAvailable => QuicDialer.OpenAsync(expected, endPoint, receiveBuffer),
        _ => ConnectWebSocketAsync(expected, kind, endPoint, receiveBuffer),
    };

    /// <summary>Plain: TCP, or a Unix domain socket.</summary>
    public static async Task<RawStream> ConnectPlainAsync(EndPoint endPoint, int? receiveBuffer = null)
    {
        var socket = endPoint.AddressFamily == AddressFamily.Unix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            socket.ReceiveBufferSize = bytes; // before the handshake, which announces the window
        }

        await socket.ConnectAsync(endPoint);
        return new RawStream(new NetworkStream(socket, ownsSocket: true), socket.LocalEndPoint, () => socket.Close(timeout: 0), null);
    }

    private static async Task<RawStream> ConnectTlsAsync(X509Certificate2 expected, EndPoint endPoint, int? receiveBuffer)
    {
        var tcp = await ConnectPlainAsync(endPoint, receiveBuffer);
        var tls = new SslStream(tcp.Stream);
        await tls.AuthenticateAsClientAsync(Trust(expected));
        return tcp with { Stream = tls };
    }

    private static async Task<RawStream> ConnectWebSocketAsync(X509Certificate2 expected, ListenerKind kind, EndPoint endPoint, int? receiveBuffer)
    {
        RawStream? tcp = null;
        using var http = new SocketsHttpHandler
        {
            SslOptions = Trust(expected),
            ConnectCallback = async (_, _) => (tcp = await ConnectPlainAsync(endPoint, receiveBuffer)).Stream,
        };
        using var invoker = new HttpMessageInvoker(http);
        var webSocket = new ClientWebSocket();
        webSocket.Options.AddSubProtocol("mqtt");
        await webSocket.ConnectAsync(new Uri($"{(kind == ListenerKind.Wss ? "wss" : "ws")}://{endPoint}/mqtt"), invoker, CancellationToken.None);
        return new RawStream(
            WebSocketStream.Create(webSocket, WebSocketMessageType.Binary), tcp!.LocalEndPoint, tcp.Drop, webSocket); // the callback ran: it is connected
    }

    internal static SslClientAuthenticationOptions Trust(X509Certificate2 expected) => new()
    {
        TargetHost = "localhost",
        RemoteCertificateValidationCallback = (_, actual, _, _) => actual is not null && actual.GetRawCertData().AsSpan().SequenceEqual(expected.RawData),
    };
}
