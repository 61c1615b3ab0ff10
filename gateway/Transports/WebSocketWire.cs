namespace GrainMQ.Gateway.Transports;

/// <summary>
/// The transport below a WebSocket, as the library that speaks the protocol reads and writes it. Frames of messages do not pass through the library:
/// they are written here, in turn with the frames that it writes on its own, such as Pong and Close.
/// </summary>
/// <param name="below">The connection, from the end of the HTTP request on.</param>
/// <param name="early">What the client sent behind its request and HTTP has read already.</param>
internal sealed class WebSocketWire(Transport below, ReadOnlyMemory<byte> early) : AsynchronousStream
{
    private const byte OpcodeMask = 0x0F, CloseOpcode = 0x08;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly FrameHeaders _headers = new();
    private ReadOnlyMemory<byte> _early = early;
    private bool _isIllegal;
    private bool _closeSent;

    public Transport Below => below;

    /// <summary>Whether the client has ended its side of the connection.</summary>
    public bool HasEnded { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isIllegal)
        {
            buffer.Span.Clear(); // see FrameHeaders: the library needs them to see that the frame is illegal
            return buffer.Length;
        }

        var count = await ReadBytesAsync(buffer);
        HasEnded = count == 0 && !buffer.IsEmpty;
        if (_headers.FindIllegal(buffer.Span[..count]) is >= 0 and var end)
        {
            _isIllegal = true;
            return end; // what follows has no meaning
        }

        return count;
    }

    /// <summary>Writes a frame of the library.</summary>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _closeSent |= (buffer.Span[0] & OpcodeMask) == CloseOpcode;
            await below.WriteAsync(buffer);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Writes frames of messages. After a Close frame nothing may follow (RFC 6455 §5.5.1): they are discarded.</summary>
    public ValueTask WriteMessagesAsync(ReadOnlyMemory<byte> frames)
    {
        if (!_turn.Wait(0))
        {
            return WaitAndWriteAsync(frames);
        }

        if (_closeSent)
        {
            _turn.Release();
            return ValueTask.CompletedTask;
        }

        var write = below.WriteAsync(frames);
        if (!write.IsCompletedSuccessfully)
        {
            return EndAsync(write);
        }

        _turn.Release();
        return ValueTask.CompletedTask;
    }

    private ValueTask<int> ReadBytesAsync(Memory<byte> buffer)
    {
        if (_early.IsEmpty)
        {
            return below.ReadAsync(buffer);
        }

        var count = Math.Min(buffer.Length, _early.Length);
        _early[..count].CopyTo(buffer);
        _early = _early[count..];
        return new(count);
    }

    private async ValueTask WaitAndWriteAsync(ReadOnlyMemory<byte> frames)
    {
        await _turn.WaitAsync();
        await EndAsync(_closeSent ? ValueTask.CompletedTask : below.WriteAsync(frames));
    }

    private async ValueTask EndAsync(ValueTask write)
    {
        try
        {
            await write;
        }
        finally
        {
            _turn.Release();
        }
    }
}
