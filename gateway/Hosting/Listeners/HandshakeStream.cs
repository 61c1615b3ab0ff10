namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>
/// What lies below TLS: until the handshake is done, whatever was waited for goes on at one of the <see cref="HandshakeThreads"/>; from
/// then on it is the stream below and nothing else. Asynchronous only; the stream below stays open.
/// </summary>
internal sealed class HandshakeStream(Stream inner) : Stream
{
    private volatile bool _isDone;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Done() => _isDone = true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isDone ? inner.ReadAsync(buffer, cancellationToken) : ReadAndHopAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush()
    {
        // Nothing is held back here.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask<int> ReadAndHopAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = inner.ReadAsync(buffer, cancellationToken);
        if (read.IsCompleted)
            return await read;
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
