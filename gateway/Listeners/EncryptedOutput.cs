using System.Net.Security;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Takes what Kestrel writes to a TLS stream. Kestrel treats an exception as a fault of the server; a client that is gone is no fault, so bytes
/// are discarded from then on, as by a socket whose other end has closed. Write-only.
/// </summary>
internal sealed class EncryptedOutput(SslStream secure, Action abort) : AsynchronousStream
{
    private readonly Lock _gate = new();
    private Task _write = Task.CompletedTask;
    private volatile bool _isGone;

    public override bool CanRead => false;

    /// <summary>
    /// Completes when no write is under way, and lets no further one begin: at the end of an aborted connection Kestrel may still be
    /// writing on another thread. A write that the client does not take is broken, and the connection with it.
    /// </summary>
    public async Task EndAsync()
    {
        Task write;
        lock (_gate)
        {
            _isGone = true;
            write = _write;
        }

        if (!write.IsCompleted)
        {
            abort();
            await write;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_isGone)
            {
                return ValueTask.CompletedTask;
            }

            _write = WriteToAsync(buffer, cancellationToken);
            return new ValueTask(_write);
        }
    }

    /// <summary>Nothing to do: every write goes out whole.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task WriteToAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await secure.WriteAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            _isGone = true; // expected: the reading side of the connection learns of it too and ends it
        }
    }
}
