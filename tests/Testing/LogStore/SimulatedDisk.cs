using GrainMQ.Grains.LogStore;

namespace GrainMQ.Tests.Testing.LogStore;

public enum DiskOperation
{
    Open,
    Read,
    Write,
    Truncate,
    Flush,
    Rename,
    Delete,
    FlushDirectory,
}

/// <summary>
/// A disk that does what a real one may. What was not flushed is lost, torn or kept after a power cut, each write and each name by itself
/// and in any order; after a failed flush it is not known what of it is on the disk, and a later flush does not say.
/// </summary>
public sealed class SimulatedDisk(Random random) : IDisk
{
    private readonly Lock _lock = new();
    private readonly List<NameChange> _unflushedNames = [];
    private Dictionary<string, SimulatedContents> _names = [];
    private Dictionary<string, SimulatedContents> _durableNames = [];
    private bool _isOff;

    /// <summary>Operations until the power fails; null: never.</summary>
    public int? OperationsLeft { get; set; }

    /// <summary>Told when <see cref="OperationsLeft"/> is used up, before the caller learns that the operation failed.</summary>
    public Action PowerFailed { get; set; } = () => { };

    /// <summary>Bytes that fit.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Breaks an operation on a file with the exception that it returns.</summary>
    public Func<DiskOperation, string, IOException?> Fault { get; set; } = (_, _) => null;

    public long FreeBytes
    {
        get
        {
            lock (_lock)
            {
                return Capacity - Used;
            }
        }
    }

    private Random Random => random;

    private long Used => _names.Values.Sum(contents => (long)contents.Length);

    public string FullName(string path) => $"sim:{path}";

    /// <summary>From here on the disk does nothing more for the process that has it: it is dead.</summary>
    public void TurnOff()
    {
        lock (_lock)
        {
            _isOff = true;
        }
    }

    /// <summary>The machine starts again after a power cut: the same disk with what is left on it.</summary>
    public SimulatedDisk PowerCut()
    {
        lock (_lock)
        {
            _isOff = true;
            foreach (var change in _unflushedNames)
            {
                if (random.Next(2) == 0)
                {
                    change.ApplyTo(_durableNames);
                }
            }

            var left = _durableNames.ToDictionary(name => name.Key, name => name.Value.AfterPowerCut(random));
            return new SimulatedDisk(random) { _names = new(left), _durableNames = left, Capacity = Capacity };
        }
    }

    /// <summary>The process is killed and starts again: the system still knows what it wrote.</summary>
    public SimulatedDisk Kill()
    {
        lock (_lock)
        {
            _isOff = true;
            var next = new SimulatedDisk(random) { _names = _names, _durableNames = _durableNames, Capacity = Capacity };
            next._unflushedNames.AddRange(_unflushedNames);
            return next;
        }
    }

    /// <summary>What a file holds now, to look at or to break.</summary>
    public byte[] Contents(string path)
    {
        lock (_lock)
        {
            return _names[path].ToArray();
        }
    }

    public void SetContents(string path, byte[] bytes)
    {
        lock (_lock)
        {
            _names[path] = _durableNames[path] = new SimulatedContents(bytes);
        }
    }

    public IReadOnlyList<string> Files()
    {
        lock (_lock)
        {
            return [.. _names.Keys.Order(StringComparer.Ordinal)];
        }
    }

    public void CreateDirectory(string path) => Run(DiskOperation.Open, path, () => true); // names are paths

    public IReadOnlyList<string> List(string directory) => Run<string[]>(DiskOperation.Read, directory, () =>
        [.. _names.Keys.Where(path => Path.GetDirectoryName(path) == directory).Select(path => Path.GetFileName(path))]);

    public IDiskFile Open(string path, bool create) => Run(DiskOperation.Open, path, () =>
    {
        if (!_names.TryGetValue(path, out var contents))
        {
            if (!create)
            {
                throw new FileNotFoundException($"There is no '{path}'.", path);
            }

            contents = new SimulatedContents([]);
            Change(new NameChange(path, contents, null));
        }
        return new SimulatedFile(this, path, contents);
    });

    public void Rename(string from, string to) => Run(DiskOperation.Rename, from, () =>
    {
        Change(new NameChange(to, _names[from], from));
        return true;
    });

    public void Delete(string path) => Run(DiskOperation.Delete, path, () =>
    {
        Change(new NameChange(null, null, path));
        return true;
    });

    public void FlushDirectory(string directory) => Run(DiskOperation.FlushDirectory, directory, () =>
    {
        foreach (var change in _unflushedNames.Where(change => change.Directory == directory))
        {
            change.ApplyTo(_durableNames);
        }

        _unflushedNames.RemoveAll(change => change.Directory == directory);
        return true;
    });

    public void Dispose()
    {
        // the test looks at it afterwards
    }

    private void Change(NameChange change)
    {
        change.ApplyTo(_names);
        _unflushedNames.Add(change);
    }

    /// <summary>The power may fail before an operation or after it, when its caller no longer learns of it.</summary>
    private T Run<T>(DiskOperation operation, string path, Func<T> body)
    {
        lock (_lock)
        {
            if (_isOff)
            {
                throw new PowerLossException();
            }

            if (Fault(operation, path) is { } fault)
            {
                throw fault;
            }

            if (OperationsLeft is not { } left)
            {
                return body();
            }

            OperationsLeft = left - 1;
            _isOff = left <= 1;
            if (_isOff)
            {
                PowerFailed();
            }

            var result = _isOff && random.Next(2) == 0 ? default : body();
            return _isOff || result is null ? throw new PowerLossException() : result;
        }
    }

    private sealed record NameChange(string? Set, SimulatedContents? Contents, string? Removed)
    {
        public string? Directory { get; } = Path.GetDirectoryName(Set ?? Removed);

        public void ApplyTo(Dictionary<string, SimulatedContents> names)
        {
            if (Removed is not null)
            {
                names.Remove(Removed);
            }

            if (Set is not null && Contents is not null)
            {
                names[Set] = Contents;
            }
        }
    }

    private sealed class SimulatedFile(SimulatedDisk disk, string path, SimulatedContents contents) : IDiskFile
    {
        private bool _isClosed;

        public long Length => Run(DiskOperation.Read, () => (long)contents.Length);

        public int Read(Span<byte> buffer, long position)
        {
            var bytes = Run(DiskOperation.Read, () => contents.From((int)position)).Span;
            bytes = bytes[..Math.Min(bytes.Length, buffer.Length)];
            bytes.CopyTo(buffer);
            return bytes.Length;
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            var copy = bytes.ToArray();
            Run(DiskOperation.Write, () =>
            {
                var room = disk.Capacity - disk.Used + Math.Max(0, contents.Length - position);
                contents.Write(copy.AsSpan(0, (int)Math.Clamp(room, 0, copy.Length)).ToArray(), position);
                return room < copy.Length ? throw new DiskFullException("No space left on the simulated disk.") : true;
            });
        }

        public void Truncate(long length) => Run(DiskOperation.Truncate, () =>
        {
            contents.Truncate((int)length);
            return true;
        });

        public void Flush() => Run(DiskOperation.Flush, () =>
        {
            contents.Flush();
            return true;
        });

        public void Dispose() => _isClosed = true;

        private T Run<T>(DiskOperation operation, Func<T> body)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            try
            {
                return disk.Run(operation, path, body);
            }
            catch (IOException) when (operation == DiskOperation.Flush)
            {
                contents.FailFlush(disk.Random);
                throw;
            }
        }
    }
}
