using System.Globalization;
using System.Net;
using System.Threading.Channels;
using GrainMQ.Gateway.Transports;
using Microsoft.AspNetCore.Connections;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Where Kestrel finds its connections: those that a listener of ours has accepted, TLS and the PROXY protocol done.</summary>
internal sealed class HttpConnections : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<HttpConnection> _accepted = Channel.CreateUnbounded<HttpConnection>(new() { SingleReader = true });
    private long _last;

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.None, 0);

    /// <summary>Hands a connection to Kestrel, which owns it from here on.</summary>
    public Task ServeAsync(Transport transport)
    {
        var connection = new HttpConnection(Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture), transport);
        return _accepted.Writer.TryWrite(connection) ? Task.CompletedTask : connection.DisposeAsync().AsTask(); // Kestrel has stopped
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint; // what is bound is the listener's
        return new(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _accepted.Reader.WaitToReadAsync(cancellationToken) && _accepted.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _accepted.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _accepted.Writer.TryComplete();
        while (_accepted.Reader.TryRead(out var connection))
        {
            connection.Abort();
            await connection.DisposeAsync();
        }
    }
}
