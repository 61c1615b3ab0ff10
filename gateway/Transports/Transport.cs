using System.Net;

namespace GrainMQ.Gateway.Transports;

public enum TransportKind : byte { Tcp, Tls, WebSocket, SecureWebSocket, Quic, Memory, Unix }

/// <summary>
/// A byte pipe and nothing else, so that one protocol layer serves all of them: no transport interprets a packet. What is written at once are whole
/// packets, for the one transport that shows where they end.
/// One reader and one writer at a time; <see cref="Abort"/> may come from any thread.
/// </summary>
public abstract class Transport : IAsyncDisposable
{
    public abstract TransportKind Kind { get; }

    /// <summary>The client's address as logs, limits and access rules see it.</summary>
    public abstract EndPoint? RemoteEndPoint { get; }

    /// <summary>User name that the client's certificate stands for, which takes precedence over that of CONNECT; null without one.</summary>
    public string? UserName { get; init; }

    /// <summary>The name of the listener that accepted it.</summary>
    public abstract string Listener { get; }

    /// <summary>
    /// Reads at least one byte; 0 = the peer closed. An empty buffer waits until a read would not block, without holding memory.
    /// Throws <see cref="IOException"/> (or <see cref="OperationCanceledException"/>) when the connection is gone.
    /// </summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer);

    /// <summary>Writes all of it; completes synchronously when the socket takes it at once. Throws <see cref="IOException"/>.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> buffer);

    /// <summary>Orderly end after the last write: TLS close_notify and FIN, or a WebSocket close frame with <paramref name="status"/>.</summary>
    public abstract ValueTask CloseAsync(TransportCloseStatus status);

    /// <summary>Breaks the connection at once; pending reads and writes fail. Idempotent.</summary>
    public abstract void Abort();

    /// <summary>
    /// The next byte pipe that the client opens within the connection, in its order; null when none will come, at once where a connection
    /// is one pipe.
    /// </summary>
    public virtual ValueTask<Transport?> AcceptStreamAsync() => default;

    public virtual ValueTask DisposeAsync()
    {
        Abort();
        return ValueTask.CompletedTask;
    }
}

/// <summary>How a close is shown on transports that can say why (WebSocket 1000, 1002, 1009, 1011; QUIC application errors).</summary>
public enum TransportCloseStatus : byte { Normal, PeerClosed, ProtocolError, PacketTooLarge, InternalError }
