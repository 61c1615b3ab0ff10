using System.Net;
using System.Net.Sockets;
using GrainMQ.Gateway.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Listens for WebSocket and secure WebSocket on a Kestrel server of its own, without the web host around it: HTTP/1.1, one path, no body.
/// </summary>
public sealed class WebSocketListener : Listener
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private readonly WebSocketEndpoint _endpoint;
    private readonly KestrelServer _server;
    private readonly TlsMiddleware? _tls;
    private readonly ProxyReader? _proxy;
    private readonly CancellationTokenSource _stopping = new();
    private Socket? _socket;
    private IPEndPoint? _endPoint;

    /// <param name="services">Where Kestrel finds its logger.</param>
    public WebSocketListener(
        ListenerOptions options, TlsHandshake? tls, ProxyReader? proxy, IConnectionHandler handler, TimeProvider time, IServiceProvider services,
        ILoggerFactory loggers)
        : base(options)
    {
        _proxy = proxy;
        _tls = tls is null ? null : new TlsMiddleware(tls, _stopping.Token);
        _endpoint = new WebSocketEndpoint(options, handler, time, loggers);
        var kestrel = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        kestrel.Limits.KeepAliveTimeout = RequestTimeout; // also the wait for the first request of a connection
        kestrel.Limits.RequestHeadersTimeout = RequestTimeout;
        kestrel.Limits.MaxRequestBodySize = 0;
        // An MQTT client may be silent for as long as its Keep Alive; slow readers are the outbound queue's business.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Listen(Address, Configure);
        var sockets = new SocketTransportOptions { NoDelay = true, Backlog = ListenSocket.Backlog, CreateBoundListenSocket = Bind };
        _server = new KestrelServer(Options.Create(kestrel), new SocketTransportFactory(Options.Create(sockets), loggers), loggers);
    }

    public override IPEndPoint EndPoint => _endPoint ?? throw new InvalidOperationException("The listener is not started.");

    public override Task StartAsync() => _server.StartAsync(_endpoint, CancellationToken.None);

    /// <summary>
    /// Takes the bound socket away from Kestrel instead of asking it to stop: stopping cancels the pending reads of the WebSockets,
    /// which still have to be drained. Requests on connections that are already open are refused.
    /// </summary>
    public override async Task StopAcceptingAsync()
    {
        _endpoint.RefuseNew();
        _socket?.Dispose();
        await _stopping.CancelAsync(); // handshakes
    }

    public override async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _server.StopAsync(now.Token);
        _server.Dispose();
    }

    private Socket Bind(EndPoint endPoint)
    {
        _socket = ListenSocket.Bind(Configured, Address);
        _endPoint = (IPEndPoint?)_socket.LocalEndPoint;
        return _socket;
    }

    private async Task OnAcceptedAsync(ConnectionContext connection, Func<Task> next)
    {
        connection.RemoteEndPoint = ClientAddress.Of(connection.RemoteEndPoint);
        if (_proxy is not null)
        {
            var header = await _proxy.ReadAsync(connection.Transport.Input, connection.RemoteEndPoint, _stopping.Token);
            if (!header.IsValid)
            {
                connection.Abort();
                return;
            }
            connection.RemoteEndPoint = ClientAddress.Of(header.Client);
        }
        await next();
    }

    private void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(OnAcceptedAsync);
        if (_tls is { } tls)
        {
            listen.Use(next => connection => tls.OnConnectionAsync(connection, next));
        }
    }
}
