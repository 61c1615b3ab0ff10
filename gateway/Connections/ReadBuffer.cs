using System.Buffers;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The bytes that a connection has received and not yet dispatched, in one array of the shared pool. The array grows only as bytes arrive,
/// never by what a header announces: a client cannot make the server hold memory for a packet that it does not send. Used by the
/// connection's reader alone.
/// </summary>
internal sealed class ReadBuffer
{
    /// <summary>Reads within <see cref="HotInterval"/> of each other after which a connection is hot: it keeps a small buffer and saves the wait.</summary>
    private const int HotStreak = 8;

    /// <summary>Milliseconds.</summary>
    private const int HotInterval = 1000;

    /// <summary>Bytes. The socket keeps hold of the last buffer until the next read, so this is what a client costs that waits for CONNACK.</summary>
    private const int SmallestRead = 2048;

    /// <summary>Bytes. One system call brings no more than this.</summary>
    private const int LargestRead = 64 * 1024;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _readSize = SmallestRead;
    private int _streak;
    private bool _mayHaveMore;

    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    public bool IsEmpty => _end == _start;

    /// <summary>Bytes of the array that is rented now; 0: none.</summary>
    public int Capacity => _buffer.Length;

    /// <summary>Whether the next bytes are worth waiting for without a buffer. False when they are expected at once.</summary>
    public bool IsIdle => _streak < HotStreak && !_mayHaveMore;

    /// <summary>Room for the next read behind what is unread.</summary>
    public Memory<byte> MakeRoom()
    {
        var kept = _end - _start;
        if (kept == 0)
        {
            _start = _end = 0;
        }

        if (_buffer.Length - _end < Math.Max(_readSize / 2, kept))
        {
            MoveTo(ArrayPool<byte>.Shared.Rent(Math.Max(_readSize, kept * 2)));
        }

        return _buffer.AsMemory(_end);
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
            MoveTo(ArrayPool<byte>.Shared.Rent(kept));
        }
    }

    /// <summary>Gives the array back; what was unread is lost.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = ([], 0, 0);
    }

    private void MoveTo(byte[] buffer)
    {
        var kept = _end - _start;
        _buffer.AsSpan(_start, kept).CopyTo(buffer);
        Release();
        (_buffer, _start, _end) = (buffer, 0, kept);
    }
}
