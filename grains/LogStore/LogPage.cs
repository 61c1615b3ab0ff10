using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore;

/// <summary>A reader's buffer: blocks as they stand in the log, looked at in place. Reuse it; it knows where it stopped.</summary>
/// <param name="capacity">Bytes read at once; a larger block makes the page grow. Default: 256 KB.</param>
public sealed class LogPage(int capacity = 256 << 10)
{
    private readonly List<(BlockHeader Header, int Start, long Position)> _blocks = [];
    private byte[] _bytes = new byte[Math.Max(capacity, BlockHeader.Size)];
    private int _length;
    private long _from;

    /// <summary>Walks over the records.</summary>
    public Enumerator GetEnumerator() => new(this);

    internal bool IsEmpty => _blocks.Count == 0;

    internal int Length => _length;

    internal IReadOnlyList<(BlockHeader Header, int Start, long Position)> Blocks => _blocks;

    internal int Free => _bytes.Length - _length;

    internal Span<byte> Rest => _bytes.AsSpan(_length);

    /// <summary>Where the last read ended, so that the next one need not look for the place.</summary>
    internal ReadPosition Stopped { get; set; }

    /// <summary>Empties the page, for records from an offset on.</summary>
    internal void Begin(long from)
    {
        _blocks.Clear();
        (_length, _from) = (0, from);
    }

    /// <summary>Keeps a whole, valid block that was read behind the others; bytes before it are left out.</summary>
    internal void Take(BlockHeader header, int start, long position)
    {
        _blocks.Add((header, start, position));
        _length = start + header.BlockLength;
    }

    internal void Grow(int bytes)
    {
        if (bytes > Free)
        {
            Array.Resize(ref _bytes, _length + bytes);
        }
    }

    /// <summary>Steps through the records from the offset on that was asked for.</summary>
    public ref struct Enumerator
    {
        private readonly LogPage _page;
        private int _block = -1;
        private int _left;
        private int _position;
        private long _offset;

        internal Enumerator(LogPage page) => _page = page;

        public LogRecord Current { get; private set; }

        /// <exception cref="InvalidDataException">A block whose checksum is right holds records that are not: its writer was wrong.</exception>
        public bool MoveNext()
        {
            while (_left > 0 || NextBlock())
            {
                var record = _page._bytes.AsSpan(_position, End() - _position);
                var header = RecordHeader.Read(record);
                var offset = _offset++;
                _position += header.Length;
                _left--;
                if (offset < _page._from)
                {
                    continue;
                }

                Current = Of(offset, header, record);
                return true;
            }
            return false;
        }

        private readonly int End() => _page._blocks[_block].Start + _page._blocks[_block].Header.BlockLength;

        private bool NextBlock()
        {
            if (_block + 1 >= _page._blocks.Count)
            {
                return false;
            }

            var (header, start, _) = _page._blocks[++_block];
            (_left, _position, _offset) = (header.Count, start + BlockHeader.Size, header.FirstOffset);
            return true;
        }

        private static LogRecord Of(long offset, RecordHeader header, ReadOnlySpan<byte> record)
        {
            var properties = RecordHeader.Size + header.TopicLength;
            var payload = properties + header.PropertiesLength;
            return new LogRecord
            {
                Offset = offset,
                Type = header.Type,
                Flags = header.Flags,
                Hlc = header.Hlc,
                Properties = record[properties..payload],
                Payload = record[payload..header.Length],
            };
        }
    }
}
