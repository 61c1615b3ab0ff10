using System.Net;
using System.Net.Quic;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Security.Authentication;
using GrainMQ.Gateway.Transports.Quic;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// MQTT over QUIC: application protocol <c>mqtt</c>, TLS 1.3, client-initiated bidirectional streams. Streams and datagrams are those of
/// System.Net.Quic; how long a client may be silent is MQTT's Keep Alive, so the connection has no idle time-out of its own.
/// </summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed partial class QuicEndpoint(
    ListenerOptions options, ServerTls tls, TlsOptions handshakes, QuicOptions quic, Serving serve, TimeProvider time,
    ILogger<QuicEndpoint> logger)
    : Listener(options)
{
    /// <summary>The name that clients ask for in the handshake (ALPN); EMQX's and NanoSDK's.</summary>
    public static readonly SslApplicationProtocol ApplicationProtocol = new("mqtt");

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly ConditionalWeakTable<QuicConnection, ServerHandshake> _begun = [];
    private readonly CancellationTokenSource _stopping = new();
    private QuicListener? _listener;
    private Task _accepting = Task.CompletedTask;

    public override IPEndPoint EndPoint => _listener?.LocalEndPoint ?? throw new InvalidOperationException("The listener is not open.");

    /// <summary>Takes the address. The library shakes hands with clients that come; they are served from <see cref="StartAsync"/> on.</summary>
    public override async Task OpenAsync() => _listener = await ListenAsync();

    public override Task StartAsync()
    {
        _accepting = AcceptAsync((_listener ?? throw new InvalidOperationException("The listener is not open.")).AcceptConnectionAsync);
        return Task.CompletedTask;
    }

    public override async Task StopAcceptingAsync()
    {
        await _stopping.CancelAsync();
        if (_listener is not null)
        {
            await _listener.DisposeAsync(); // connections that were accepted go on
        }

        await _accepting;
    }

    public override async ValueTask DisposeAsync() => await StopAcceptingAsync();

    private async Task<QuicListener> ListenAsync()
    {
        try
        {
            return await QuicListener.ListenAsync(new QuicListenerOptions
            {
                ListenEndPoint = Address,
                ApplicationProtocols = [ApplicationProtocol],
                ListenBacklog = quic.MaximumHandshakes,
                ConnectionOptionsCallback = (connection, hello, _) => new(Begin(connection, hello)),
            });
        }
        catch (Exception e) when (e is QuicException or System.Net.Sockets.SocketException)
        {
            throw new StartupException(
                $"Cannot listen on {Address}, UDP (listener '{Name}'): {e.Message} Choose another address with --quic ADDR:PORT " +
                $"(Listeners:{Name}:Address).", e);
        }
    }

    private QuicServerConnectionOptions Begin(QuicConnection connection, SslClientHelloInfo hello)
    {
        var handshake = tls.Begin(hello.ServerName);
        handshake.Options.ApplicationProtocols = [ApplicationProtocol];
        handshake.Options.EnabledSslProtocols = SslProtocols.Tls13; // QUIC has no other
        CheckClients(handshake, connection.RemoteEndPoint);
        _begun.Add(connection, handshake);
        return new QuicServerConnectionOptions
        {
            ServerAuthenticationOptions = handshake.Options,
            HandshakeTimeout = handshakes.HandshakeTimeout,
            IdleTimeout = Timeout.InfiniteTimeSpan,
            MaxInboundBidirectionalStreams = quic.MaximumStreams,
            MaxInboundUnidirectionalStreams = 0,
            DefaultStreamErrorCode = QuicErrorCode.None,
            DefaultCloseErrorCode = QuicErrorCode.ControlStreamLost,
        };
    }

    /// <summary>
    /// The rules for clients' certificates, without what System.Net.Quic adds: it looks for a host name in them, which clients have not. And
    /// what it tells of a failed handshake does not say why a certificate was refused.
    /// </summary>
    private void CheckClients(ServerHandshake handshake, IPEndPoint client)
    {
        if (handshake.Options.RemoteCertificateValidationCallback is not { } check)
        {
            return;
        }

        handshake.Options.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
        {
            var isGood = check(sender, certificate, chain, errors & ~SslPolicyErrors.RemoteCertificateNameMismatch);
            if (!isGood)
            {
                LogCertificateRefused(logger, Name, client, handshake.Refusal);
            }

            return isGood;
        };
    }

    /// <summary>Until the listener stops, whatever comes.</summary>
    internal async Task AcceptAsync(Func<CancellationToken, ValueTask<QuicConnection>> accept)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await accept(_stopping.Token));
            }
            catch (Exception) when (_stopping.IsCancellationRequested)
            {
                return; // expected: StopAcceptingAsync
            }
            catch (Exception e) when (e is QuicException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
            {
                // Whatever a client's handshake failed with comes out here, a cancellation of its own too: no reason to stop listening.
                LogHandshakeFailed(logger, Name, Cause(e));
            }
            catch (Exception e)
            {
                LogAcceptFailed(logger, e, Name);
                await Task.Delay(RetryDelay, time).ConfigureAwait(ConfigureAwaitOptions.None);
            }
        }
    }

    private async Task ServeAsync(QuicConnection connection)
    {
        await Task.Yield(); // not on the accept loop
        try
        {
            _begun.TryGetValue(connection, out var handshake);
            _begun.Remove(connection);
            await serve(new QuicTransport(new PlatformQuicLink(connection), Name, time) { UserName = handshake?.UserName });
        }
        catch (Exception e)
        {
            LogHandlerFailed(logger, e, Name, connection.RemoteEndPoint); // unexpected: the handler does not throw
            await connection.DisposeAsync();
        }
    }

    // The innermost message says what the client did.
    private static string Cause(Exception e) => e.InnerException is { } inner ? $"{e.Message} {Cause(inner)}" : e.Message;
}
