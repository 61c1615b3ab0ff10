using GrainMQ.Gateway.Transports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebSockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Serves the one HTTP resource of a WebSocket listener: <c>/mqtt</c>, upgraded with sub-protocol <c>mqtt</c>.</summary>
internal sealed partial class WebSocketEndpoint : IHttpApplication<HttpContext>
{
    public const string Path = "/mqtt";

    private const string Version = "13"; // of RFC 6455

    // In the order of preference; the second is what clients of MQTT 3.1 ask for.
    private static readonly string[] SubProtocols = ["mqtt", "mqttv3.1"];

    private readonly ListenerOptions _options;
    private readonly Serving _serve;
    private readonly TimeProvider _time;
    private readonly ILogger<WebSocketEndpoint> _logger;
    private readonly WebSocketMiddleware _upgrade;
    private volatile bool _refusing;

    public WebSocketEndpoint(ListenerOptions options, Serving serve, TimeProvider time, ILoggerFactory loggers)
    {
        (_options, _serve, _time) = (options, serve, time);
        _logger = loggers.CreateLogger<WebSocketEndpoint>();
        // No pings of our own: MQTT has its keep-alive.
        var upgrade = new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero };
        _upgrade = new WebSocketMiddleware(AnswerAsync, Options.Create(upgrade), loggers);
    }

    /// <summary>From now on every request is answered with 503.</summary>
    public void RefuseNew() => _refusing = true;

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public Task ProcessRequestAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { } upgrade && context.Features.Get<HttpConnection>() is { } connection)
        {
            context.Features.Set<IHttpUpgradeFeature>(new TakingOver(upgrade, connection));
        }

        return _upgrade.Invoke(context);
    }

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (_refusing)
        {
            return RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is shutting down.");
        }

        if (!context.Request.Path.Equals(Path, StringComparison.Ordinal))
        {
            return RefuseAsync(context, StatusCodes.Status404NotFound, $"MQTT over WebSocket is at {Path}.");
        }

        if (HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            return RefuseAsync(context, StatusCodes.Status400BadRequest, "WebSocket needs HTTP/1.1."); // RFC 6455 §4.2.1
        }

        if (context.Request.Headers.SecWebSocketVersion is { Count: > 0 } version && version != Version)
        {
            context.Response.Headers.SecWebSocketVersion = Version; // RFC 6455 §4.2.2
            return RefuseAsync(context, StatusCodes.Status426UpgradeRequired, $"The client has to speak version {Version} of WebSocket.");
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            return RefuseAsync(context, StatusCodes.Status400BadRequest, "This is MQTT over WebSocket: connect with a WebSocket client.");
        }

        var offered = context.WebSockets.WebSocketRequestedProtocols;
        var chosen = SubProtocols.FirstOrDefault(offered.Contains); // [MQTT-6.0.0-3]
        return chosen is null
            ? RefuseAsync(context, StatusCodes.Status400BadRequest,
                $"The client has to offer the WebSocket sub-protocol 'mqtt' (Sec-WebSocket-Protocol), it offered {Quote(offered)}.")
            : ServeAsync(context, chosen);
    }

    private async Task ServeAsync(HttpContext context, string subProtocol)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(subProtocol); // [MQTT-6.0.0-4]
        if (context.Features.Get<IHttpUpgradeFeature>() is TakingOver { Wire: { } wire })
        {
            await _serve(new WebSocketTransport(socket, wire, _time) { UserName = wire.Below.UserName });
        }
    }

    private Task RefuseAsync(HttpContext context, int status, string reason)
    {
        LogRefused(_logger, _options.Name, context.Connection.RemoteIpAddress, status, reason);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason + "\n");
    }

    /// <summary>Gives the connection to the WebSocket when Kestrel has answered the request.</summary>
    private sealed class TakingOver(IHttpUpgradeFeature kestrel, HttpConnection connection) : IHttpUpgradeFeature
    {
        public WebSocketWire? Wire { get; private set; }

        public bool IsUpgradableRequest => kestrel.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync()
        {
            await kestrel.UpgradeAsync();
            return Wire = connection.TakeOver();
        }
    }

    private static string Quote(IList<string> offered) => offered.Count == 0 ? "none" : $"'{string.Join("', '", offered)}'";
}
