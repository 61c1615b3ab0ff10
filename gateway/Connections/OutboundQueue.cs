namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The one ordered queue of a connection: PUBLISH, acknowledgements, PINGRESP and DISCONNECT leave in the order in which they came
/// in (invariant I1). Publications are let in only while <see cref="HasRoom"/>; the session keeps the rest. Replies are always let
/// in; the reader stops while too many of them wait.
/// </summary>
internal sealed class OutboundQueue(int replyLimit)
{
    private const int MostPublishes = 256;
    private const int MostBytes = 128 * 1024;

    private readonly Lock _lock = new();
    private OutboundFrame[] _ring = [];
    private int _head;
    private int _count;
    private int _publishes;
    private int _bytes;
    private bool _completed;
    private List<OutboundFrame>? _unsent;
    private TaskCompletionSource? _repliesDrained;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Publications that were let in and not yet taken; an estimate for other threads, exact for the session that holds its gate.</summary>
    public int Publishes => Volatile.Read(ref _publishes);

    public int Bytes => Volatile.Read(ref _bytes);

    public bool HasRoom => Volatile.Read(ref _publishes) < MostPublishes && Volatile.Read(ref _bytes) < MostBytes;

    public bool IsCompleted => Volatile.Read(ref _completed);

    /// <summary>Adds a frame; false when the connection is closing.</summary>
    public bool TryEnqueue(in OutboundFrame frame)
    {
        lock (_lock)
        {
            if (_completed)
            {
                return false;
            }

            Add(frame);
            return true;
        }
    }

    /// <summary>Moves frames out, oldest first, as many as fit <paramref name="batch"/> and <paramref name="maximumBytes"/>, at least one.</summary>
    public int Take(Span<OutboundFrame> batch, int maximumBytes, out int bytes)
    {
        lock (_lock)
        {
            var taken = 0;
            bytes = 0;
            while (taken < batch.Length && _count > 0)
            {
                ref var frame = ref _ring[_head];
                var length = frame.LengthBound;
                if (taken > 0 && bytes + length > maximumBytes)
                {
                    break;
                }

                bytes += length;
                batch[taken++] = frame;
                Remove(ref frame, length);
            }

            return taken;
        }
    }

    /// <summary>
    /// Lets nothing more in and sets the publications that still wait aside; replies stay unless <paramref name="discardReplies"/>, and
    /// <paramref name="last"/> is the final frame. Only the first call has an effect.
    /// </summary>
    public void Complete(bool discardReplies, OutboundFrame? last)
    {
        lock (_lock)
        {
            if (_completed)
            {
                return;
            }

            var frames = _ring;
            int head = _head, count = _count;
            (_ring, _head, _count, _publishes, _bytes) = ([], 0, 0, 0, 0);
            for (var i = 0; i < count; i++)
            {
                ref var frame = ref frames[(head + i) & (frames.Length - 1)];
                if (frame.Kind == FrameKind.Publish)
                {
                    (_unsent ??= []).Add(frame);
                }
                else if (!discardReplies && frame.Kind != FrameKind.None)
                {
                    Add(frame);
                }
            }

            if (last is { } final)
            {
                Add(final);
            }

            _completed = true;
            _repliesDrained?.TrySetResult();
        }
    }

    /// <summary>The publications that never reached the wire, in order. Completes the queue.</summary>
    public IReadOnlyList<OutboundFrame> TakeUnsent()
    {
        Complete(discardReplies: false, last: null);
        lock (_lock)
        {
            return _unsent ?? [];
        }
    }

    /// <summary>Completed when the client has taken enough replies for its next packets to be read.</summary>
    public Task RepliesDrainedAsync()
    {
        lock (_lock)
        {
            if (_completed || _count - _publishes < replyLimit)
            {
                return Task.CompletedTask;
            }

            _repliesDrained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _repliesDrained.Task;
        }
    }

    private void Add(in OutboundFrame frame)
    {
        if (_count == _ring.Length)
        {
            Grow();
        }

        _ring[(_head + _count) & (_ring.Length - 1)] = frame;
        _count++;
        _bytes += frame.LengthBound;
        _publishes += frame.Kind == FrameKind.Publish ? 1 : 0;
    }

    private void Remove(ref OutboundFrame frame, int length)
    {
        _publishes -= frame.Kind == FrameKind.Publish ? 1 : 0;
        _bytes -= length;
        frame = default;
        _head = (_head + 1) & (_ring.Length - 1);
        if (--_count == 0 && _ring.Length > 64)
        {
            (_ring, _head) = ([], 0); // a burst's ring is not kept by an idle connection
        }

        if (_repliesDrained is not null && _count - _publishes < replyLimit / 2)
        {
            _repliesDrained.TrySetResult();
            _repliesDrained = null;
        }
    }

    private void Grow()
    {
        var ring = new OutboundFrame[Math.Max(4, _ring.Length * 2)];
        for (var i = 0; i < _count; i++)
        {
            ring[i] = _ring[(_head + i) & (_ring.Length - 1)];
        }

        (_ring, _head) = (ring, 0);
    }
}
