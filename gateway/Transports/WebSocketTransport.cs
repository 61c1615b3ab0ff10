using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace GrainMQ.Gateway.Transports;

/// <summary>
/// MQTT over WebSocket: the payloads of binary frames are the byte stream, wherever packets begin and end [MQTT-6.0.0-2]. Pings and
/// fragmentation are the library's.
/// </summary>
/// <param name="abortConnection">Breaks the connection below; called at most once, and not after <see cref="DisposeAsync"/>.</param>
public sealed class WebSocketTransport(
    WebSocket socket, TransportKind kind, EndPoint? remoteEndPoint, string listener, Action abortConnection, TimeProvider time) : Transport
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private bool _ended;
    private bool _closeReceived;

    public override TransportKind Kind => kind;

    public override EndPoint? RemoteEndPoint => remoteEndPoint;

    public override string Listener => listener;

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
                    await RefuseTextAsync();
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
            throw new IOException("The WebSocket connection is gone.", e);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        var write = socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None); // [MQTT-6.0.0-1]
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
                throw new IOException("The WebSocket connection is gone.", e);
            }
        }
    }

    /// <summary>Close frame 1000, 1002 or 1011, then the peer's close frame, at most one second.</summary>
    public override ValueTask CloseAsync(TransportCloseStatus status) => CloseAsync(status switch
    {
        TransportCloseStatus.Normal => WebSocketCloseStatus.NormalClosure,
        TransportCloseStatus.ProtocolError => WebSocketCloseStatus.ProtocolError,
        _ => WebSocketCloseStatus.InternalServerError,
    }, description: null);

    public override void Abort()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            abortConnection();
        }
    }

    /// <summary>Ends the WebSocket. What lies below belongs to the listener, which closes it after the handler has returned.</summary>
    public override ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _ended = true;
        }

        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task RefuseTextAsync()
    {
        await CloseAsync(WebSocketCloseStatus.InvalidMessageType, "MQTT needs binary frames.");
        throw new IOException("The client sent a WebSocket text frame; MQTT needs binary frames [MQTT-6.0.0-1].");
    }

    private async ValueTask CloseAsync(WebSocketCloseStatus status, string? description)
    {
        using var timeout = new CancellationTokenSource(CloseTimeout, time);
        try
        {
            await socket.CloseAsync(status, description, timeout.Token);
        }
        catch (Exception e) when (IsGone(e) || e is IOException)
        {
            // expected: the peer was faster, or did not answer in time
            Abort();
        }
    }

    private static bool IsGone(Exception e) =>
        e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;
}
