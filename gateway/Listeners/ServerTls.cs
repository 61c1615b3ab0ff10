using System.Net.Security;
using System.Security.Authentication;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Holds the TLS settings of one listener, for TCP and QUIC. Changed files are used by the handshakes that begin afterwards.</summary>
/// <param name="clients">Null: clients are not asked for a certificate.</param>
/// <exception cref="StartupException">The cipher suites cannot be used.</exception>
public sealed class ServerTls(CertificateTable certificates, ClientCertificateRules? clients, TlsOptions options)
{
    private readonly CipherSuitesPolicy? _cipherSuites = CipherSuites.Policy(options);

    private readonly SslProtocols _protocols =
        options.MinimumVersion == TlsVersion.Tls13 ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Makes what one handshake needs, as the files are now.</summary>
    /// <param name="serverName">The name that the client asks for (SNI); null or empty when it asks for none.</param>
    public ServerHandshake Begin(string? serverName) => new(
        new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificates.Find(serverName).Current.Context,
            EnabledSslProtocols = _protocols,
            CipherSuitesPolicy = _cipherSuites,
            AllowRenegotiation = false,
        },
        clients);
}
