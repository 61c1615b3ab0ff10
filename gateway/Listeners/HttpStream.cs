using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// A connection as Kestrel reads and writes it. Kestrel treats an exception of a write as a fault of the server; a client that is gone is no fault, so
/// bytes are discarded from then on, as by a socket whose other end has closed.
/// </summary>
internal sealed class HttpStream(Transport transport) : AsynchronousStream
{
    private readonly Lock _gate = new();
    private Task _arrival = Task.CompletedTask;
    private Task _write = Task.CompletedTask;
    private volatile bool _isGone;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Kestrel cancels a read to tell the client that its time is over. A wait without a buffer can be left alone, to be taken up by the next read.
        _arrival = _arrival.IsCompleted ? transport.ReadAsync(Memory<byte>.Empty).AsTask() : _arrival;
        await _arrival.WaitAsync(cancellationToken);
        var read = transport.ReadAsync(buffer);
        if (read.IsCompleted)
        {
            return await read;
        }

        // Half a record of TLS. The buffer must not be given back before the read has ended.
        await using var onCancelled = cancellationToken.UnsafeRegister(static transport => ((Transport?)transport)?.Abort(), transport);
        return await read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_isGone)
            {
                return ValueTask.CompletedTask;
            }

            _write = WriteToAsync(buffer);
            return new ValueTask(_write);
        }
    }

    /// <summary>Nothing to do: every write goes out whole.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Completes when no write is under way, and lets no further one begin: at the end of an aborted connection Kestrel may still be
    /// writing on another thread. A write that the client does not take is broken, and the connection with it.
    /// </summary>
    public async Task EndWritesAsync()
    {
        Task write;
        lock (_gate)
        {
            _isGone = true;
            write = _write;
        }

        if (!write.IsCompleted)
        {
            transport.Abort();
            await write;
        }
    }

    private async Task WriteToAsync(ReadOnlyMemory<byte> buffer)
    {
        try
        {
            await transport.WriteAsync(buffer);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            _isGone = true; // expected: the reading side of the connection learns of it too and ends it
        }
    }
}
