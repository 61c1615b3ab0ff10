using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>What a TLS client brings to a handshake; it accepts any server.</summary>
internal sealed record SecureClient
{
    /// <summary>The name that it asks for.</summary>
    public string ServerName { get; init; } = "localhost";

    public SslProtocols Protocols { get; init; } = SslProtocols.None;

    public X509Certificate2? Certificate { get; init; }

    /// <summary>Further certificates of its chain that it sends.</summary>
    public X509Certificate2Collection? Chain { get; init; }

    public TlsCipherSuite[]? CipherSuites { get; init; }

    /// <summary>Connects; what it throws is the client's view of a refusal.</summary>
    public async Task<SslStream> ConnectAsync(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(endPoint);
        return await ConnectAsync(socket);
    }

    public async Task<SslStream> ConnectAsync(Socket connected)
    {
        var stream = new SslStream(new NetworkStream(connected, ownsSocket: true));
        try
        {
            await stream.AuthenticateAsClientAsync(Options());
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    public SslClientAuthenticationOptions Options()
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = ServerName,
            EnabledSslProtocols = Protocols,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        };
        if (Certificate is not null)
        {
            options.ClientCertificateContext = SslStreamCertificateContext.Create(Certificate, Chain ?? [], offline: true);
        }

        if (CipherSuites is not null && OperatingSystem.IsLinux())
        {
            options.CipherSuitesPolicy = new CipherSuitesPolicy(CipherSuites);
        }

        return options;
    }
}
