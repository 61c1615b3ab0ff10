namespace GrainMQ.Grains.LogStore.Memory;

/// <summary>Mode <c>memory</c>: files that live as long as this object. Everything is durable at once, as far as that goes.</summary>
public sealed class MemoryDisk : IDisk
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MemoryFile> _files = [];

    public long FreeBytes => long.MaxValue;

    public string FullName(string path) => $"memory:{path}";

    public void CreateDirectory(string path)
    {
        // a directory is the beginning of names
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_lock)
        {
            return [.. _files.Keys.Where(path => Path.GetDirectoryName(path) == directory).Select(path => Path.GetFileName(path))];
        }
    }

    public IDiskFile Open(string path, bool create)
    {
        lock (_lock)
        {
            if (_files.TryGetValue(path, out var file))
            {
                return file;
            }

            if (!create)
            {
                throw new FileNotFoundException($"There is no file '{path}' in memory.", path);
            }

            return _files[path] = new MemoryFile();
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            _files[to] = _files[from];
            _files.Remove(from);
        }
    }

    public void Delete(string path)
    {
        lock (_lock)
        {
            _files.Remove(path);
        }
    }

    public void FlushDirectory(string directory)
    {
        // as durable as it gets
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _files.Clear();
        }
    }

    /// <summary>Pieces of one size, so that a file grows without being copied.</summary>
    private sealed class MemoryFile : IDiskFile
    {
        private const int PieceSize = 64 << 10;

        private readonly Lock _lock = new();
        private readonly List<byte[]> _pieces = [];
        private long _length;

        public long Length
        {
            get
            {
                lock (_lock)
                {
                    return _length;
                }
            }
        }

        public int Read(Span<byte> buffer, long position)
        {
            lock (_lock)
            {
                var count = (int)Math.Clamp(_length - position, 0, buffer.Length);
                for (var done = 0; done < count;)
                {
                    var piece = PieceAt(position + done);
                    var take = Math.Min(piece.Length, count - done);
                    piece[..take].CopyTo(buffer[done..]);
                    done += take;
                }
                return count;
            }
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            lock (_lock)
            {
                SetLength(Math.Max(_length, position + bytes.Length));
                for (; !bytes.IsEmpty;)
                {
                    var piece = PieceAt(position);
                    var take = Math.Min(piece.Length, bytes.Length);
                    bytes[..take].CopyTo(piece);
                    bytes = bytes[take..];
                    position += take;
                }
            }
        }

        public void Truncate(long length)
        {
            lock (_lock)
            {
                SetLength(length);
            }
        }

        public void Flush()
        {
            // as durable as it gets
        }

        public void Dispose()
        {
            // closing a file does not lose it
        }

        private Span<byte> PieceAt(long position) => _pieces[(int)(position / PieceSize)].AsSpan((int)(position % PieceSize));

        private void SetLength(long length)
        {
            var pieces = (int)((length + PieceSize - 1) / PieceSize);
            if (pieces < _pieces.Count)
            {
                _pieces.RemoveRange(pieces, _pieces.Count - pieces);
            }

            while (_pieces.Count < pieces)
            {
                _pieces.Add(new byte[PieceSize]);
            }

            _length = length;
        }
    }
}
