using System.Net;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Tests.Testing;

/// <summary>
/// Counts what a transport of the broker has carried. The client counts too: when both have the same, nothing is on its way between them,
/// whatever lies in between.
/// </summary>
public sealed class MeteredTransport(Transport inner) : Transport
{
    private long _read;
    private long _written;
    private volatile bool _isDisposed;

    public override TransportKind Kind => inner.Kind;

    public override EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public override string Listener => inner.Listener;

    public long BytesRead => Volatile.Read(ref _read);

    public long BytesWritten => Volatile.Read(ref _written);

    /// <summary>The broker is done with it, and with all that hung on it.</summary>
    public bool IsDisposed => _isDisposed;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        var read = await inner.ReadAsync(buffer).ConfigureAwait(false);
        Interlocked.Add(ref _read, read);
        return read;
    }

    public override ValueTask<Transport?> AcceptStreamAsync() => inner.AcceptStreamAsync();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        Interlocked.Add(ref _written, buffer.Length);
        return inner.WriteAsync(buffer);
    }

    public override ValueTask CloseAsync(TransportCloseStatus status) => inner.CloseAsync(status);

    public override void Abort() => inner.Abort();

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        _isDisposed = true;
    }
}

/// <summary>Puts a meter on every connection of a broker.</summary>
internal sealed class MeteredConnections(ConnectionHandler inner) : IConnectionHandler
{
    private readonly Lock _lock = new();
    private readonly List<MeteredTransport> _transports = [];

    /// <summary>That of the client on this port of this machine; null when the broker has not accepted it yet.</summary>
    public MeteredTransport? Find(int port)
    {
        lock (_lock)
        {
            return _transports.FindLast(transport => transport.RemoteEndPoint is IPEndPoint client && client.Port == port);
        }
    }

    public Task HandleAsync(Transport transport)
    {
        var metered = new MeteredTransport(transport) { UserName = transport.UserName };
        lock (_lock)
        {
            _transports.Add(metered);
        }

        return inner.HandleAsync(metered);
    }

    public Task DrainAsync(CancellationToken cancellationToken) => inner.DrainAsync(cancellationToken);
}
