using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// What lies below TLS: until the handshake is done, whatever was waited for goes on at one of the <see cref="HandshakeThreads"/>; from
/// then on it is the stream below and nothing else. The stream below stays open.
/// </summary>
internal sealed class HandshakeStream(Stream inner) : AsynchronousStream
{
    private volatile bool _isDone;

    public void Done() => _isDone = true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isDone ? inner.ReadAsync(buffer, cancellationToken) : ReadAndHopAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    private async ValueTask<int> ReadAndHopAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = inner.ReadAsync(buffer, cancellationToken);
        if (read.IsCompleted)
        {
            return await read;
        }

        try
        {
            return await read;
        }
        finally
        {
            await HandshakeThreads.HopAsync();
        }
    }
}
