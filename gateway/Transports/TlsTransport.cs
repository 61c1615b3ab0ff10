using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;

namespace GrainMQ.Gateway.Transports;

/// <summary>TLS over a <see cref="SocketTransport"/>, after a completed handshake.</summary>
public sealed class TlsTransport(SocketTransport inner, SslStream tls, TimeProvider time) : Transport
{
    private static readonly TimeSpan CloseNotifyTimeout = TimeSpan.FromSeconds(1);

    public override TransportKind Kind => TransportKind.Tls;

    public override EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public override string Listener => inner.Listener;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        var read = tls.ReadAsync(buffer);
        return read.IsCompletedSuccessfully ? read : AwaitAsync(read);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        static async ValueTask<int> AwaitAsync(ValueTask<int> read)
        {
            try
            {
                return await read;
            }
            catch (Exception e) when (IsGone(e))
            {
                throw new IOException("The TLS connection is gone.", e);
            }
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        var write = tls.WriteAsync(buffer);
        return write.IsCompletedSuccessfully ? write : AwaitAsync(write);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        static async ValueTask AwaitAsync(ValueTask write)
        {
            try
            {
                await write;
            }
            catch (Exception e) when (IsGone(e))
            {
                throw new IOException("The TLS connection is gone.", e);
            }
        }
    }

    /// <summary>Sends close_notify, then ends the socket like plain TCP.</summary>
    public override async ValueTask CloseAsync(TransportCloseStatus status)
    {
        try
        {
            await tls.ShutdownAsync().WaitAsync(CloseNotifyTimeout, time);
        }
        catch (TimeoutException)
        {
            // The peer takes no bytes: close_notify cannot go out. Abort also ends the pending shutdown.
            Abort();
            return;
        }
        catch (Exception)
        {
            // expected: the peer was faster
        }
        await inner.CloseAsync(status);
    }

    public override void Abort() => inner.Abort();

    public override async ValueTask DisposeAsync()
    {
        Abort();
        await tls.DisposeAsync();
    }

    // SslStream fails in many ways: after Abort, when another operation has broken the stream, and by whatever records the client sends.
    private static bool IsGone(Exception e) => e is not (IOException or OperationCanceledException);
}
