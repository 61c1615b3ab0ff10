using GrainMQ.Gateway.Transports;
using GrainMQ.Gateway.Transports.Quic;

namespace GrainMQ.Tests.Testing;

/// <summary>A stream of a <see cref="MemoryQuicLink"/>: bytes go through a <see cref="MemoryTransport"/>, so that any client of it can be used.</summary>
public sealed class MemoryQuicStream(MemoryQuicLink link, bool bidirectional) : IQuicStream
{
    private readonly TaskCompletionSource _readsClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _writesClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The client's end.</summary>
    public MemoryTransport Pipe { get; } = new("quic", TransportKind.Quic);

    public bool IsBidirectional => bidirectional;

    /// <summary>The server said FIN.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>The application error code of the server's reset; null when there was none.</summary>
    public long? ResetCode { get; private set; }

    public bool IsDisposed { get; private set; }

    public Task ReadsClosed => _readsClosed.Task;

    public Task WritesClosed => _writesClosed.Task;

    public ValueTask<int> ReadAsync(Memory<byte> buffer) => Pipe.ReadAsync(buffer);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) =>
        bidirectional ? Pipe.WriteAsync(buffer) : throw new InvalidOperationException("The stream is unidirectional.");

    /// <summary>A client that reads to the end answers with its own FIN.</summary>
    public void CompleteWrites()
    {
        IsFinished = true;
        End();
    }

    public void Abort(long errorCode)
    {
        ResetCode ??= IsFinished || _readsClosed.Task.IsCompleted ? null : errorCode;
        End();
    }

    /// <summary>The client resets both directions.</summary>
    public void Reset() => End();

    /// <summary>The client's FIN, behind what it has sent.</summary>
    public void Finish() => Pipe.Finish();

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        End();
        link.Forget(this);
        return ValueTask.CompletedTask;
    }

    internal void End()
    {
        Pipe.Abort();
        _readsClosed.TrySetResult();
        _writesClosed.TrySetResult();
    }
}
