using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Listens for WebSocket and secure WebSocket. Accepting, TLS and the end of a connection are those of any <see cref="SocketListener"/>; a Kestrel
/// server of its own, without the web host around it, speaks HTTP/1.1 until the upgrade: one path, no body.
/// </summary>
public sealed class WebSocketListener : Listener
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of a request that Kestrel takes before they are asked for; its own choice is 1 MiB, for every client that connects.</summary>
    private const int ReadAhead = 64 * 1024;

    private readonly SocketListener _sockets;
    private readonly WebSocketEndpoint _endpoint;
    private readonly KestrelServer _server;

    /// <param name="sockets">Makes the listener below, given what it does with a connection.</param>
    /// <param name="services">Where Kestrel finds its logger.</param>
    public WebSocketListener(
        ListenerOptions options, Func<Serving, SocketListener> sockets, Serving serve, TimeProvider time, IServiceProvider services, ILoggerFactory loggers)
        : base(options)
    {
        var connections = new HttpConnections();
        _sockets = sockets(connections.ServeAsync);
        _endpoint = new WebSocketEndpoint(options, serve, time, loggers);
        var kestrel = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        kestrel.Limits.KeepAliveTimeout = RequestTimeout; // also the wait for the first request of a connection
        kestrel.Limits.RequestHeadersTimeout = RequestTimeout;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MaxRequestBufferSize = ReadAhead;
        kestrel.Listen(Address, static listen => listen.Protocols = HttpProtocols.Http1);
        _server = new KestrelServer(Options.Create(kestrel), connections, loggers);
    }

    public override EndPoint EndPoint => _sockets.EndPoint;

    public override Task OpenAsync() => _sockets.OpenAsync();

    public override async Task StartAsync()
    {
        await _server.StartAsync(_endpoint, CancellationToken.None);
        await _sockets.StartAsync();
    }

    /// <summary>Requests on connections that are already open are refused; WebSockets go on.</summary>
    public override async Task StopAcceptingAsync()
    {
        _endpoint.RefuseNew();
        await _sockets.StopAcceptingAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await StopAcceptingAsync();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _server.StopAsync(now.Token);
        _server.Dispose();
    }
}
