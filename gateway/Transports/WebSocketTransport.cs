using System.Buffers;
using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace GrainMQ.Gateway.Transports;

/// <summary>
/// MQTT over WebSocket: the payloads of a client's binary frames are the byte stream, wherever packets begin and end [MQTT-6.0.0-2]; what is sent has
/// a frame for each packet. Pings, fragmentation and the closing handshake are the library's.
/// </summary>
internal sealed class WebSocketTransport(WebSocket socket, WebSocketWire wire, TimeProvider time) : Transport
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private bool _closeReceived;

    public override TransportKind Kind => wire.Below.Kind == TransportKind.Tls ? TransportKind.SecureWebSocket : TransportKind.WebSocket;

    public override EndPoint? RemoteEndPoint => wire.Below.RemoteEndPoint;

    public override string Listener => wire.Below.Listener;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        try
        {
            while (!_closeReceived)
            {
                var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Text)
                {
                    await CloseAsync(WebSocketCloseStatus.InvalidMessageType, "MQTT needs binary frames.");
                    throw new IOException("The client sent a WebSocket text frame; MQTT needs binary frames [MQTT-6.0.0-1].");
                }

                _closeReceived = received.MessageType == WebSocketMessageType.Close;
                // An empty frame carries nothing: go on reading, unless nothing was asked for.
                if (received.Count > 0 || (buffer.IsEmpty && !_closeReceived))
                {
                    return received.Count;
                }
            }

            return 0;
        }
        catch (Exception e) when (IsGone(e))
        {
            if (wire.HasEnded)
            {
                return 0; // without a Close frame, but in order as far as the connection goes
            }

            // What broke RFC 6455 has had its Close frame from the library (1002, or 1007).
            await wire.Below.CloseAsync(TransportCloseStatus.ProtocolError);
            throw new IOException("The WebSocket connection is gone, or the client broke its protocol.", e);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        var length = PacketFrames.Measure(buffer.Span);
        var frames = ArrayPool<byte>.Shared.Rent(length);
        PacketFrames.Write(buffer.Span, frames);
        var write = wire.WriteMessagesAsync(frames.AsMemory(0, length));
        if (!write.IsCompletedSuccessfully)
        {
            return AwaitAsync(write, frames);
        }

        ArrayPool<byte>.Shared.Return(frames);
        return ValueTask.CompletedTask;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        static async ValueTask AwaitAsync(ValueTask write, byte[] frames)
        {
            await write;
            ArrayPool<byte>.Shared.Return(frames);
        }
    }

    /// <summary>
    /// Sends a Close frame, or answers that of the client with its own status, and waits for the client's, at most one second. Then the connection
    /// below ends in order: FIN, and no RST while the client still sends.
    /// </summary>
    public override ValueTask CloseAsync(TransportCloseStatus status) => CloseAsync(status switch
    {
        _ when _closeReceived => socket.CloseStatus is { } said and not WebSocketCloseStatus.Empty ? said : WebSocketCloseStatus.NormalClosure,
        TransportCloseStatus.Normal or TransportCloseStatus.PeerClosed => WebSocketCloseStatus.NormalClosure,
        TransportCloseStatus.ProtocolError => WebSocketCloseStatus.ProtocolError,
        TransportCloseStatus.PacketTooLarge => WebSocketCloseStatus.MessageTooBig,
        _ => WebSocketCloseStatus.InternalServerError,
    }, description: null);

    public override void Abort() => wire.Below.Abort();

    public override ValueTask DisposeAsync()
    {
        Abort();
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask CloseAsync(WebSocketCloseStatus status, string? description)
    {
        try
        {
            await socket.CloseAsync(status, description, CancellationToken.None).WaitAsync(CloseTimeout, time);
        }
        catch (Exception e) when (IsGone(e) || e is IOException or TimeoutException)
        {
            // expected: the peer was faster, or did not answer in time
        }

        await wire.Below.CloseAsync(TransportCloseStatus.Normal);
    }

    private static bool IsGone(Exception e) =>
        e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;
}
