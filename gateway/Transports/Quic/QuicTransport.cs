using System.Net;

namespace GrainMQ.Gateway.Transports.Quic;

/// <summary>
/// A QUIC connection: the first stream that the client opens is the byte pipe of its MQTT connection (the control stream), later ones are
/// data streams, each a pipe of its own. What may be said on which is the protocol layer's affair. The end of the control stream is the
/// end of the connection.
/// </summary>
/// <remarks>
/// What waits to be accepted or read waits in the client: QUIC grants a number of streams and a window of bytes on each. Nothing is
/// accepted as 0-RTT data, which an attacker could replay: System.Net.Quic offers none, so CONNECT always follows a whole handshake. A
/// client that moves to another address keeps its connection; that is QUIC's own work.
/// </remarks>
public sealed class QuicTransport(IQuicLink link, string listener, TimeProvider time) : Transport
{
    private volatile IQuicStream? _control;

    public override TransportKind Kind => TransportKind.Quic;

    public override EndPoint? RemoteEndPoint { get; } = link.RemoteEndPoint;

    public override string Listener => listener;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer) => _control is { } control ? control.ReadAsync(buffer) : ReadFirstAsync(buffer);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) =>
        _control?.WriteAsync(buffer) ?? throw new IOException("The client has opened no stream.");

    public override async ValueTask<Transport?> AcceptStreamAsync()
    {
        try
        {
            return new QuicStreamTransport(await NextAsync(), RemoteEndPoint, listener, time);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return null; // expected: the connection has ended
        }
    }

    /// <summary>
    /// FIN, then the client's own end, together at most two seconds: closing at once would take from it what it has not read yet. Then the
    /// connection closes with an application error code.
    /// </summary>
    public override async ValueTask CloseAsync(TransportCloseStatus status)
    {
        if (_control is { } control)
        {
            await QuicStreamTransport.FinishWritesAsync(control, time);
            await Task.WhenAny(control.ReadsClosed, Task.Delay(QuicStreamTransport.CloseTimeout, time));
        }

        link.Close(QuicErrorCode.Of(status));
    }

    public override void Abort() => link.Close(QuicErrorCode.ControlStreamLost);

    public override async ValueTask DisposeAsync()
    {
        Abort();
        if (_control is { } control)
        {
            await control.DisposeAsync();
        }

        await link.DisposeAsync();
    }

    private async ValueTask<int> ReadFirstAsync(Memory<byte> buffer)
    {
        _control = await NextAsync();
        return await _control.ReadAsync(buffer);
    }

    /// <summary>The next stream of use. Unidirectional ones are not granted; a client that could open one all the same is not answered.</summary>
    private async ValueTask<IQuicStream> NextAsync()
    {
        while (true)
        {
            var stream = await link.AcceptStreamAsync();
            if (stream.IsBidirectional)
            {
                return stream;
            }

            stream.Abort(QuicErrorCode.UnidirectionalStream);
            await stream.DisposeAsync();
        }
    }
}
