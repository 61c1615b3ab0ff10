using System.Net;
using System.Net.Quic;
using System.Runtime.Versioning;

namespace GrainMQ.Gateway.Transports.Quic;

/// <summary>A connection of System.Net.Quic, which needs libmsquic.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed class PlatformQuicLink(QuicConnection connection) : IQuicLink
{
    public EndPoint? RemoteEndPoint { get; } = connection.RemoteEndPoint;

    public async ValueTask<IQuicStream> AcceptStreamAsync() => new PlatformQuicStream(await connection.AcceptInboundStreamAsync());

    public void Close(long errorCode) => _ = CloseAsync(errorCode);

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task CloseAsync(long errorCode)
    {
        try
        {
            await connection.CloseAsync(errorCode); // the first code counts
        }
        catch (Exception e) when (e is QuicException or ObjectDisposedException)
        {
            // expected: the client was faster
        }
    }
}
