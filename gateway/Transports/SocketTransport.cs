using System.Net;
using System.Net.Sockets;

namespace GrainMQ.Gateway.Transports;

/// <summary>
/// Plain TCP, or a Unix domain socket. Reads and writes go through <see cref="NetworkStream"/>, which adds nothing to the socket's own cached operations
/// (no allocation, synchronous completion where the kernel allows it) but turns every failure into an <see cref="IOException"/>.
/// </summary>
public sealed class SocketTransport : Transport
{
    // Long enough for a client on a slow link to take the last packet, short enough not to hold up a shutdown of 5 seconds.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    // A peer that goes on sending after our FIN is not waited for longer than this.
    private const int CloseDrainBytes = 256 * 1024;

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private int _closed;

    /// <param name="client">Address of the client: as the PROXY protocol header says, or the remote end of the socket.</param>
    public SocketTransport(Socket socket, EndPoint? client, string listener, TimeProvider time)
    {
        _socket = socket;
        _time = time;
        Stream = new NetworkStream(socket, ownsSocket: false);
        GC.SuppressFinalize(Stream); // it owns nothing: one finalizable object less per connection
        Listener = listener;
        RemoteEndPoint = client;
        if (Kind == TransportKind.Tcp)
        {
            socket.NoDelay = true;
        }
    }

    public override TransportKind Kind => _socket.AddressFamily == AddressFamily.Unix ? TransportKind.Unix : TransportKind.Tcp;

    public override EndPoint? RemoteEndPoint { get; }

    public override string Listener { get; }

    /// <summary>The same bytes as a stream, for the layer that encrypts them.</summary>
    internal NetworkStream Stream { get; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer) => Stream.ReadAsync(buffer);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) => Stream.WriteAsync(buffer);

    /// <summary>
    /// Sends FIN, then takes what the peer still sends until it closes too, at most one second: closing with unread bytes makes the
    /// kernel send RST, which can discard the DISCONNECT or CONNACK that the peer has not read yet.
    /// </summary>
    public override async ValueTask CloseAsync(TransportCloseStatus status)
    {
        if (Volatile.Read(ref _closed) != 0)
        {
            return;
        }

        try
        {
            _socket.Shutdown(SocketShutdown.Send);
            await DrainAsync();
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // expected: the peer was faster, or did not close in time
        }
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _socket.Dispose();
        }
    }

    /// <summary>Sends RST, so that neither side holds bytes for a connection that has ended.</summary>
    public override void Abort()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        _socket.Close(timeout: 0);
    }

    private async Task DrainAsync()
    {
        using var timeout = new CancellationTokenSource(CloseTimeout, _time);
        var discarded = new byte[512];
        var left = CloseDrainBytes;
        while (left > 0)
        {
            // Not the socket's own receive: it shares its operation with a read of the stream that fails at the same time, which would
            // then throw a SocketException.
            var read = await Stream.ReadAsync(discarded, timeout.Token);
            if (read == 0)
            {
                return;
            }

            left -= read;
        }
    }
}
