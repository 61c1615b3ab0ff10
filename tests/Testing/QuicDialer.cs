using System.Net;
using System.Net.Quic;
using System.Net.Security;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;

namespace GrainMQ.Tests.Testing;

/// <summary>A client's QUIC connections, on real sockets. Ask <see cref="Gateway.Listeners.QuicSupport.IsAvailable"/> first.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal static class QuicDialer
{
    /// <summary>A connection with its first stream.</summary>
    public static async Task<RawStream> OpenAsync(X509Certificate2 expected, IPEndPoint endPoint, int? receiveBuffer)
    {
        var connection = await ConnectAsync(expected, endPoint, receiveBuffer);
        var stream = await connection.OpenOutboundStreamAsync(QuicStreamType.Bidirectional);
        return new RawStream(stream, connection.LocalEndPoint, () => _ = connection.CloseAsync(0).AsTask(), null);
    }

    /// <param name="receiveBuffer">The window of each stream in bytes, a power of two; null: the library's default.</param>
    /// <param name="protocol">What the client asks for by ALPN.</param>
    public static async Task<QuicConnection> ConnectAsync(
        X509Certificate2 expected, IPEndPoint endPoint, int? receiveBuffer = null, string protocol = "mqtt")
    {
        return await ConnectAsync(RawStream.Trust(expected), endPoint, receiveBuffer, protocol);
    }

    public static async Task<QuicConnection> ConnectAsync(
        SslClientAuthenticationOptions tls, IPEndPoint endPoint, int? receiveBuffer = null, string protocol = "mqtt", CancellationToken stopping = default)
    {
        tls.ApplicationProtocols = [new SslApplicationProtocol(protocol)];
        var options = new QuicClientConnectionOptions
        {
            RemoteEndPoint = endPoint,
            ClientAuthenticationOptions = tls,
            DefaultStreamErrorCode = 0,
            DefaultCloseErrorCode = 0,
            IdleTimeout = Timeout.InfiniteTimeSpan,
            MaxInboundBidirectionalStreams = 1, // the broker opens none, but only then can its close be awaited
        };
        if (receiveBuffer is { } bytes)
        {
            options.InitialReceiveWindowSizes.LocallyInitiatedBidirectionalStream = bytes;
        }

        return await QuicConnection.ConnectAsync(options, stopping);
    }
}
