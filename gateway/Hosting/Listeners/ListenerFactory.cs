using GrainMQ.Gateway.Connections;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>Makes the listener of each kind; listeners with the same certificate files share one certificate.</summary>
public sealed class ListenerFactory(
    TlsOptions tls, IConnectionHandler handler, TimeProvider time, IServiceProvider services, ILoggerFactory loggers) : IDisposable
{
    private readonly Dictionary<CertificateFile, ServerCertificate> _certificates = [];

    /// <exception cref="StartupException">The certificate cannot be used.</exception>
    public Listener Create(ListenerOptions options) => options.Kind switch
    {
        ListenerKind.Tcp => new SocketListener(options, null, handler, time, loggers.CreateLogger<SocketListener>()),
        ListenerKind.Tls => new SocketListener(options, Handshake(options), handler, time, loggers.CreateLogger<SocketListener>()),
        ListenerKind.Ws => new WebSocketListener(options, null, handler, time, services, loggers),
        ListenerKind.Wss => new WebSocketListener(options, Handshake(options), handler, time, services, loggers),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, null),
    };

    public void Dispose()
    {
        foreach (var certificate in _certificates.Values)
            certificate.Dispose();
    }

    private TlsHandshake Handshake(ListenerOptions options) =>
        new(options.Name, Tls(options), tls, time, loggers.CreateLogger<TlsHandshake>());

    private ServerTls Tls(ListenerOptions options) => new(Certificate(options));

    private ServerCertificate Certificate(ListenerOptions options)
    {
        var file = CertificateFile.For(options, tls) ?? throw new StartupException(CertificateFile.MissingMessage(options));
        if (!_certificates.TryGetValue(file, out var certificate))
            _certificates[file] = certificate = new ServerCertificate(file, time, loggers.CreateLogger<ServerCertificate>());
        return certificate;
    }
}
