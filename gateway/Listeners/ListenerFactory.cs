using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Files;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Gateway.Logging;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Makes the listener of each kind; listeners with the same certificate files share one certificate.</summary>
public sealed class ListenerFactory(
    TlsOptions tls, QuicOptions quic, ConnectionOptions connections, IConnectionHandler handler, TimeProvider time, IServiceProvider services,
    ILoggerFactory loggers) : IDisposable
{
    private readonly Dictionary<CertificateFile, ServerCertificate> _certificates = [];
    private ClientTrust? _clientTrust;
    private QuicRefusals? _quicRefusals;

    /// <summary>The files that the listeners read again. Asked when all of them are made.</summary>
    internal IEnumerable<IReloadable> Files => _clientTrust is { } trust ? [.. _certificates.Values, trust] : _certificates.Values;

    /// <exception cref="StartupException">A certificate cannot be used.</exception>
    public Listener Create(ListenerOptions options) => options.Kind switch
    {
        ListenerKind.Tcp or ListenerKind.Unix or ListenerKind.Tls => Sockets(options, handler.HandleAsync),
        ListenerKind.Ws or ListenerKind.Wss =>
            new WebSocketListener(options, serve => Sockets(options, serve), handler.HandleAsync, time, services, WebServerLoggers()),
        ListenerKind.Quic => Quic(options),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, null),
    };

    public void Dispose()
    {
        foreach (var certificate in _certificates.Values)
        {
            certificate.Dispose();
        }

        _clientTrust?.Dispose();
        _quicRefusals?.Dispose();
    }

    /// <summary>Of the services, so that what clients can cause is limited.</summary>
    private ILogger<T> Logger<T>() => services.GetRequiredService<ILogger<T>>();

    private ILoggerFactory WebServerLoggers() => services.GetService<LogLimiter>() is { } limiter ? new WebServerLoggers(loggers, limiter) : loggers;

    private QuicEndpoint Quic(ListenerOptions options)
    {
        if (!QuicSupport.IsAvailable)
        {
            throw new StartupException(QuicSupport.MissingMessage(options));
        }

        _quicRefusals ??= new QuicRefusals(time, Logger<QuicRefusals>()); // one for all listeners: it knows the process
        return new QuicEndpoint(options, Tls(options), tls, quic, handler.HandleAsync, time, Logger<QuicEndpoint>());
    }

    private SocketListener Sockets(ListenerOptions options, Serving serve) =>
        new(options, Handshake(options), Proxy(options), serve, time, Logger<SocketListener>());

    private TlsHandshake? Handshake(ListenerOptions options) =>
        options.IsSecure ? new(options.Name, Tls(options), tls, time, Logger<TlsHandshake>()) : null;

    private ProxyReader? Proxy(ListenerOptions options) =>
        options.ProxyProtocol ? new(options.Name, connections.ConnectTimeout, time, Logger<ProxyReader>()) : null;

    private ServerTls Tls(ListenerOptions options)
    {
        var files = CertificateFile.AllFor(options, tls);
        return files.Count == 0
            ? throw new StartupException(CertificateFile.MissingMessage(options))
            : new ServerTls(new CertificateTable([.. files.Select(Certificate)]), Clients(options), tls);
    }

    private ServerCertificate Certificate(CertificateFile file)
    {
        if (!_certificates.TryGetValue(file, out var certificate))
        {
            _certificates[file] = certificate = new ServerCertificate(file, time, Logger<ServerCertificate>());
        }

        return certificate;
    }

    private ClientCertificateRules? Clients(ListenerOptions options)
    {
        var mode = options.ClientCertificateMode(tls);
        if (mode == ClientCertificateMode.None)
        {
            return null;
        }

        var files = ClientAuthorityFiles.Of(tls) ?? throw new StartupException(ClientAuthorityFiles.MissingMessage(options));
        _clientTrust ??= new ClientTrust(files, time, Logger<ClientTrust>());
        return new ClientCertificateRules(_clientTrust, mode == ClientCertificateMode.Require, tls.ClientUserName, time);
    }
}
