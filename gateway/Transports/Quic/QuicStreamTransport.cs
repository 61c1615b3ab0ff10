using System.Net;

namespace GrainMQ.Gateway.Transports.Quic;

/// <summary>One data stream of a QUIC connection as a byte pipe.</summary>
public sealed class QuicStreamTransport(IQuicStream stream, EndPoint? remoteEndPoint, string listener, TimeProvider time) : Transport
{
    internal static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    public override TransportKind Kind => TransportKind.Quic;

    public override EndPoint? RemoteEndPoint => remoteEndPoint;

    public override string Listener => listener;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer) => stream.ReadAsync(buffer);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) => stream.WriteAsync(buffer);

    /// <summary>FIN after the last write, or a reset that says why.</summary>
    public override async ValueTask CloseAsync(TransportCloseStatus status)
    {
        if (status != TransportCloseStatus.Normal)
        {
            stream.Abort(QuicErrorCode.Of(status));
            return;
        }

        await FinishWritesAsync(stream, time);
    }

    public override void Abort() => stream.Abort(QuicErrorCode.None);

    public override ValueTask DisposeAsync()
    {
        Abort();
        return stream.DisposeAsync();
    }

    /// <summary>FIN; returns when the client has everything, at the latest after a second.</summary>
    internal static async Task FinishWritesAsync(IQuicStream stream, TimeProvider time)
    {
        stream.CompleteWrites();
        await Task.WhenAny(stream.WritesClosed, Task.Delay(CloseTimeout, time));
    }
}
