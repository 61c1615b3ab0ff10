using System.Buffers;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Step 1 of the live path: the one reader. It waits without a buffer, reads what there is, and dispatches every whole packet before
/// anything is flushed.
/// </summary>
internal sealed partial class Connection
{
    /// <summary>So many reads, each within a second of the one before, make a connection hot: it keeps a small buffer and saves the wait.</summary>
    private const int HotStreak = 8;
    private const int HotInterval = 1000;
    private const int SmallestRead = 2048;
    private const int LargestRead = 64 * 1024;

    /// <summary>Nothing is read while a packet waits for its grain or the client does not take its replies.</summary>
    private volatile bool _isHeldUp;
    private int _streak;
    private bool _mayHaveMore;
    private int _readSize = SmallestRead;
    private byte[] _buffer = [];
    private int _start;
    private int _end;

    private async Task ReadAllAsync()
    {
        try
        {
            while (!IsClosing)
            {
                if (_streak < HotStreak && !_mayHaveMore)
                {
                    ShrinkBuffer();
                    await Transport.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false); // a waiting connection holds no memory
                }

                MakeRoom(_readSize);
                var read = await Transport.ReadAsync(_buffer.AsMemory(_end)).ConfigureAwait(false);
                if (read == 0 || IsClosing)
                {
                    OnEndOfStream();
                    return;
                }

                _end += read;
                OnReceived(read);
                _control?.NoteReceived();
                var burst = ProcessBurstAsync();
                if (!burst.IsCompletedSuccessfully)
                {
                    _isHeldUp = true;
                    await burst.ConfigureAwait(false);
                    Volatile.Write(ref _lastReceived, Now);
                    _isHeldUp = false;
                }
            }
        }
        finally
        {
            ReturnBuffer();
        }
    }

    /// <summary>Dispatches every whole packet in the buffer; completes synchronously unless a packet or a promise needs a grain.</summary>
    private ValueTask ProcessBurstAsync()
    {
        var burst = Burst.Rent();
        try
        {
            while (TryProcess(burst, out var pending))
            {
                if (!pending.IsCompletedSuccessfully)
                {
                    return AwaitAsync(burst, pending);
                }

                Apply(pending.Result);
            }
        }
        catch
        {
            burst.Flush(); // others that it woke must not wait for ever because this connection fails
            throw;
        }

        return EndBurst(burst);
    }

    private async ValueTask AwaitAsync(Burst burst, ValueTask<ReasonCode> pending)
    {
        try
        {
            do
            {
                if (!pending.IsCompleted)
                {
                    burst.Flush(); // what came before this packet does not wait for its grain
                    FlushWoken();
                    ShrinkBuffer(); // the handler has taken what it needs of the packet; thousands may wait here at once
                }

                Apply(await pending.ConfigureAwait(false));
            }
            while (TryProcess(burst, out pending));
        }
        catch
        {
            burst.Flush();
            throw;
        }

        await EndBurst(burst).ConfigureAwait(false);
    }

    private bool TryProcess(Burst burst, out ValueTask<ReasonCode> pending)
    {
        pending = default;
        if (IsClosing)
        {
            return false;
        }

        var input = _buffer.AsSpan(_start, _end - _start);
        if (_dispatcher.TryDispatchAcks(this, input, burst, out var length, out var reason))
        {
            _start += length;
            pending = new(reason);
            return true;
        }

        switch (FixedHeader.TryRead(input, _gateway.Options.Connections.MaximumPacketSize, out var header, Version))
        {
            case ReadStatus.Ok when input.Length >= header.PacketLength:
                _start += header.PacketLength;
                pending = _dispatcher.Dispatch(this, header, input.Slice(header.HeaderLength, header.BodyLength), burst);
                return true;
            case ReadStatus.Malformed:
                Apply(ReasonCode.MalformedPacket);
                return false;
            case ReadStatus.TooLarge:
                Apply(ReasonCode.PacketTooLarge);
                return false;
            default:
                return false;
        }
    }

    /// <summary>A handler's verdict: anything but success breaks the connection. [MQTT-4.13.1-1]</summary>
    private void Apply(ReasonCode reason)
    {
        if (reason != ReasonCode.Success && !IsClosing)
        {
            LogProtocolError(reason);
            Close(reason == ReasonCode.ServerUnavailable ? CloseCause.InternalError : CloseCause.ProtocolError, reason);
        }
    }

    private ValueTask EndBurst(Burst burst)
    {
        burst.Flush();
        if (burst.Acks.Count > 0)
        {
            return EndBurstAsync(burst);
        }

        var allowed = burst.HasQoS0 ? _gateway.Memory.QoS0AllowedAsync() : Task.CompletedTask;
        burst.Return();
        FlushWoken();
        var drained = Outbound.RepliesDrainedAsync();
        return drained.IsCompletedSuccessfully && allowed.IsCompletedSuccessfully
            ? default
            : new ValueTask(Task.WhenAny(Task.WhenAll(drained, allowed), _allWritten.Task)); // a closing connection waits for neither
    }

    /// <summary>Invariant I5: the acknowledgement follows the promise.</summary>
    private async ValueTask EndBurstAsync(Burst burst)
    {
        foreach (var ack in burst.Acks)
        {
            var result = ack.Ticket is { } ticket ? await ticket.ConfigureAwait(false) : Grains.Contracts.SessionResult.Ok;
            var refusal = RefusalOf(result);
            var isTold = Version == ProtocolVersion.Mqtt5 && ack.Type != PacketType.Pubcomp;
            if (refusal != ReasonCode.Success && ack.Type == PacketType.Pubrec && Session is { } session)
            {
                var failure = session.InboundQoS2.Fail(ack.PacketId, result, isTold);
                refusal = failure == QoS2Failure.NotRetained ? ReasonCode.Success : refusal;
                isTold = failure == QoS2Failure.Refused;
            }

            if (refusal != ReasonCode.Success && !isTold)
            {
                // there is no negative acknowledgement: without one the client sends the packet again after reconnecting
                Close(CloseCause.InternalError);
            }

            var reason = refusal != ReasonCode.Success ? refusal : ack.Reason;
            Reply(OutboundFrame.Ack(ack.Type, ack.PacketId, reason)); // goes nowhere when the connection is closing
        }

        burst.Return();
        FlushWoken();
        await Outbound.RepliesDrainedAsync().ConfigureAwait(false);
    }

    private ReasonCode RefusalOf(Grains.Contracts.SessionResult result) => result switch
    {
        Grains.Contracts.SessionResult.Ok => ReasonCode.Success,
        // an older client cannot be told, and if it sent the message again, that would be refused again
        Grains.Contracts.SessionResult.Quota when Version != ProtocolVersion.Mqtt5 => ReasonCode.Success,
        Grains.Contracts.SessionResult.Quota or Grains.Contracts.SessionResult.Full => ReasonCode.QuotaExceeded,
        _ => ReasonCode.UnspecifiedError,
    };

    /// <summary>
    /// The buffer grows only as bytes arrive, never by what a header announces: a client cannot have memory for a packet it does not send.
    /// </summary>
    private void MakeRoom(int size)
    {
        var kept = _end - _start;
        if (kept == 0)
        {
            _start = _end = 0;
        }

        if (_buffer.Length - _end < Math.Max(size / 2, kept))
        {
            MoveTo(ArrayPool<byte>.Shared.Rent(Math.Max(size, kept * 2)));
        }
    }

    /// <summary>
    /// The read size follows what comes. It starts small because the socket keeps hold of the last buffer until the next read: while
    /// thousands wait for their CONNECT to be answered, that is what they cost.
    /// </summary>
    private void OnReceived(int bytes)
    {
        var now = Now;
        var isSteady = now - Volatile.Read(ref _lastReceived) <= HotInterval;
        _streak = isSteady ? Math.Min(_streak + 1, HotStreak) : 0;
        _mayHaveMore = _end == _buffer.Length;
        _readSize = bytes > _readSize / 2 ? Math.Min(_readSize * 2, LargestRead) : isSteady ? _readSize : SmallestRead;
        Volatile.Write(ref _lastReceived, now);
    }

    /// <summary>Between reads a half packet waits in as little memory as it needs.</summary>
    private void ShrinkBuffer()
    {
        var kept = _end - _start;
        if (kept == 0)
        {
            ReturnBuffer();
        }
        else if (kept <= _buffer.Length / 4)
        {
            MoveTo(ArrayPool<byte>.Shared.Rent(kept));
        }
    }

    private void MoveTo(byte[] buffer)
    {
        var kept = _end - _start;
        _buffer.AsSpan(_start, kept).CopyTo(buffer);
        ReturnBuffer();
        (_buffer, _start, _end) = (buffer, 0, kept);
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = ([], 0, 0);
    }
}
