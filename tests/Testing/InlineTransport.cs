using System.Threading.Tasks.Sources;

namespace GrainMQ.Tests.Testing;

/// <summary>
/// Reads as a socket does in the product: the thread on which bytes arrive goes on with whatever awaited them. A caller of
/// <see cref="Send"/> is that thread, which in the product serves other connections as soon as it comes back.
/// </summary>
public sealed class InlineTransport : MemoryTransport, IValueTaskSource<int>
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<int> _read;
    private Memory<byte> _buffer;
    private bool _isReading;
    private short _awaited;

    /// <summary>Whether <see cref="Send"/> goes on with what the gateway does: it awaits the next bytes.</summary>
    public bool IsAwaited
    {
        get { lock (_lock) { return _isReading && _awaited == _read.Version; } }
    }

    /// <summary>Asked before every write: until its task completes the client takes nothing. Null: it takes everything at once.</summary>
    public Func<Task>? Taking { get; set; }

    public override void Send(ReadOnlySpan<byte> bytes)
    {
        base.Send(bytes);
        EndRead();
    }

    public override void Abort()
    {
        base.Abort();
        EndRead();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        lock (_lock)
        {
            if (Unread > 0 || IsClosedByServer)
            {
                return base.ReadAsync(buffer);
            }

            _read.Reset();
            (_buffer, _isReading) = (buffer, true);
            return new ValueTask<int>(this, _read.Version);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) =>
        Taking?.Invoke() is { IsCompleted: false } taking ? new ValueTask(WriteAfterAsync(taking, buffer)) : base.WriteAsync(buffer);

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _read.OnCompleted(continuation, state, token, flags);
        lock (_lock)
        {
            _awaited = token;
        }
    }

    private void EndRead()
    {
        lock (_lock)
        {
            if (!_isReading)
            {
                return;
            }

            _isReading = false;
        }

        if (IsClosedByServer)
        {
            _read.SetException(new IOException("aborted"));
        }
        else
        {
            _read.SetResult(base.ReadAsync(_buffer).Result); // there are bytes, or this was not called
        }
    }

    private async Task WriteAfterAsync(Task taking, ReadOnlyMemory<byte> buffer)
    {
        await taking.ConfigureAwait(false);
        await base.WriteAsync(buffer).ConfigureAwait(false);
    }
}
