namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The bytes that a connection has received and not yet dispatched, in one rented array. The array grows only as bytes arrive, never by what a header
/// announces, and within the budget of all connections: a client cannot make the server hold memory for a packet that it does not send.
/// Used by the connection's reader alone.
/// </summary>
internal sealed class ReadBuffer
{
    /// <summary>Reads within <see cref="HotInterval"/> of each other after which a connection is hot: it keeps a buffer of the smallest size and saves the wait.</summary>
    private const int HotStreak = 8;

    /// <summary>Milliseconds.</summary>
    private const int HotInterval = 1000;

    /// <summary>
    /// Bytes. The socket keeps hold of the last buffer until the next read, so this is what a client costs that waits for CONNACK. An array of this
    /// size is outside the budget: every connection may read.
    /// </summary>
    private const int SmallestRead = 2048;

    /// <summary>Bytes. One system call brings no more than this.</summary>
    private const int LargestRead = 64 * 1024;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _readSize = SmallestRead;
    private int _streak;
    private bool _mayHaveMore;
    private volatile ReadBudget? _payer;
    private volatile int _held;

    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    public bool IsEmpty => _end == _start;

    /// <summary>Bytes of the array that is rented now; 0: none.</summary>
    public int Capacity => _buffer.Length;

    /// <summary>Bytes that are taken from a budget now. May be asked from any thread.</summary>
    public int HeldOf(ReadBudget budget) => _payer == budget ? _held : 0;

    /// <summary>Whether the next bytes are worth waiting for without a buffer. False when they are expected at once.</summary>
    public bool IsIdle => !_mayHaveMore && (_streak < HotStreak || (IsEmpty && _buffer.Length > SmallestRead));

    /// <summary>Makes room for the next read behind what is unread.</summary>
    /// <returns>False: the budget is used up, and nothing can be read before it has some again.</returns>
    public bool TryMakeRoom(ReadBudget budget, out Memory<byte> room)
    {
        var kept = _end - _start;
        if (kept == 0)
        {
            _start = _end = 0;
        }

        var hasRoom = !IsShort(kept) || TryGrow(budget, kept);
        room = _buffer.AsMemory(_end);
        return hasRoom;
    }

    /// <summary>Bytes were read into the room. The size of the next read follows what comes.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="silence">Milliseconds since bytes were received before.</param>
    public void Add(int bytes, long silence)
    {
        _end += bytes;
        var isSteady = silence <= HotInterval;
        _streak = isSteady ? Math.Min(_streak + 1, HotStreak) : 0;
        _mayHaveMore = _end == _buffer.Length;
        if (bytes > _readSize / 2)
        {
            _readSize = Math.Min(_readSize * 2, LargestRead);
        }
        else if (!isSteady)
        {
            _readSize = SmallestRead;
        }
    }

    /// <summary>A packet at the front was dispatched.</summary>
    public void Consume(int bytes) => _start += bytes;

    /// <summary>Before a wait: keeps a half packet in as little memory as it needs, and none for nothing.</summary>
    public void Shrink()
    {
        var kept = _end - _start;
        if (kept == 0)
        {
            Release();
        }
        else if (kept <= _buffer.Length / 4)
        {
            MoveToLess(kept);
        }
    }

    /// <summary>Gives the array back; what was unread is lost.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            ByteArrays.Return(_buffer);
        }

        _payer?.Return(_held);
        (_buffer, _start, _end, _payer, _held) = ([], 0, 0, null, 0);
    }

    /// <summary>
    /// Whether more room would be better. A large half packet grows when its array is full and not before: then the array is at most the next power
    /// of two above the packet.
    /// </summary>
    private bool IsShort(int kept)
    {
        var left = _buffer.Length - _end;
        if (kept == 0)
        {
            return left < _readSize;
        }

        return kept < LargestRead ? left < Math.Max(_readSize / 2, kept) : left == 0;
    }

    private bool TryGrow(ReadBudget budget, int kept)
    {
        var length = ByteArrays.LengthFor(kept < LargestRead ? Math.Max(_readSize, kept * 2) : kept + 1);
        if (length <= _buffer.Length)
        {
            MoveToFront(kept);
            return true;
        }
        if (length <= SmallestRead || budget.TryTake(length))
        {
            MoveTo(ByteArrays.Rent(length), length > SmallestRead ? budget : null, length);
            return true;
        }

        // The next read is a smaller one, as long as there is any room.
        _readSize = SmallestRead;
        if (_buffer.Length > _end)
        {
            return true;
        }
        if (_start > 0)
        {
            MoveToFront(kept);
            return true;
        }
        if (kept < SmallestRead)
        {
            MoveTo(ByteArrays.Rent(SmallestRead), null, 0);
            return true;
        }

        return false;
    }

    private void MoveToFront(int kept)
    {
        _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        (_start, _end) = (0, kept);
    }

    private void MoveToLess(int kept)
    {
        var length = ByteArrays.LengthFor(kept);
        var payer = length > SmallestRead ? _payer : null;
        if (payer is null || payer.TryTake(length))
        {
            MoveTo(ByteArrays.Rent(kept), payer, length);
        }
    }

    private void MoveTo(byte[] buffer, ReadBudget? payer, int held)
    {
        var kept = _end - _start;
        _buffer.AsSpan(_start, kept).CopyTo(buffer);
        Release();
        (_buffer, _start, _end, _payer, _held) = (buffer, 0, kept, payer, payer is null ? 0 : held);
    }
}
