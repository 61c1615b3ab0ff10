using System.Net.Quic;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

namespace GrainMQ.Gateway.Transports.Quic;

/// <summary>A stream of System.Net.Quic.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed class PlatformQuicStream(QuicStream stream) : IQuicStream
{
    public bool IsBidirectional => stream.Type == QuicStreamType.Bidirectional;

    public Task ReadsClosed => stream.ReadsClosed;

    public Task WritesClosed => stream.WritesClosed;

    public ValueTask<int> ReadAsync(Memory<byte> buffer) => stream.ReadAsync(buffer);

    /// <summary>
    /// The write is awaited here: the stream hands out its one operation, which may be complete before the caller looks, and takes no further
    /// write until the result of this one was fetched.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) => await stream.WriteAsync(buffer).ConfigureAwait(false);

    public void CompleteWrites() => stream.CompleteWrites();

    public void Abort(long errorCode)
    {
        try
        {
            stream.Abort(QuicAbortDirection.Both, errorCode);
        }
        catch (ObjectDisposedException)
        {
            // expected: it has ended already
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
