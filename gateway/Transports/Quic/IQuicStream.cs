namespace GrainMQ.Gateway.Transports.Quic;

/// <summary>
/// One stream that the client opened. One reader and one writer at a time. A stream that is gone fails reads and writes with
/// <see cref="IOException"/>, <see cref="OperationCanceledException"/> or <see cref="ObjectDisposedException"/>.
/// </summary>
public interface IQuicStream : IAsyncDisposable
{
    /// <summary>False: the client sends and cannot be answered.</summary>
    bool IsBidirectional { get; }

    /// <summary>Completes, or fails, when the client will send nothing more.</summary>
    Task ReadsClosed { get; }

    /// <summary>Completes, or fails, when everything written up to <see cref="CompleteWrites"/> has reached the client or never will.</summary>
    Task WritesClosed { get; }

    /// <summary>Reads at least one byte; 0 = FIN. An empty buffer waits until there is something to read.</summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer);

    ValueTask WriteAsync(ReadOnlyMemory<byte> buffer);

    /// <summary>FIN behind the last write.</summary>
    void CompleteWrites();

    /// <summary>RESET_STREAM and STOP_SENDING with an application error code. Idempotent, from any thread, never throws.</summary>
    void Abort(long errorCode);
}
