using System.Net.Security;
using System.Security.Authentication;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>TLS of one listener, whatever carries its handshake. Files that change are seen by the handshakes that begin afterwards.</summary>
public sealed class ServerTls(ServerCertificate certificate)
{
    /// <summary>What one handshake needs, as the files are now.</summary>
    /// <param name="serverName">The name that the client asks for (SNI); null or empty when it asks for none.</param>
    public ServerHandshake Begin(string? serverName) => new(new SslServerAuthenticationOptions
    {
        ServerCertificateContext = certificate.Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
    });
}
