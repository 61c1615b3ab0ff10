using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// Directories of logs as they are at one moment, while a broker goes on writing to them: what it appends is beyond the length that was
/// seen, and what it removes stays readable, for the files are open. Whatever is written here stays in memory. A log that is opened on
/// this disk is therefore what a restart would find had the broker been killed at that moment, and the broker does not notice. For one thread.
/// </summary>
public sealed class PinnedDisk : IDisk
{
    /// <summary>A manifest is replaced when a segment ends: a few times in a row at the most.</summary>
    private const int Attempts = 100;

    private const string ManifestName = Manifest.FileName;

    private readonly Dictionary<string, PinnedFile> _files = [];
    private readonly IDisk _source;

    /// <param name="source">Is only read.</param>
    /// <param name="directories">Names of logs; one that does not exist is empty.</param>
    /// <exception cref="IOException">The files cannot be read.</exception>
    public PinnedDisk(IDisk source, IEnumerable<string> directories)
    {
        _source = source;
        foreach (var directory in directories)
        {
            Pin(directory);
        }

        Bytes = _files.Values.Sum(file => file.Length);
    }

    /// <summary>What was there.</summary>
    public long Bytes { get; }

    /// <summary>Told of every read, in bytes.</summary>
    public Action<int> Read { get; set; } = _ => { };

    public long FreeBytes => long.MaxValue;

    public string FullName(string path) => _source.FullName(path);

    public void CreateDirectory(string path)
    {
        // a directory is the beginning of names
    }

    public IReadOnlyList<string> List(string directory) =>
        [.. _files.Keys.Where(path => Path.GetDirectoryName(path) == directory).Select(path => Path.GetFileName(path))];

    public IDiskFile Open(string path, bool create)
    {
        if (_files.TryGetValue(path, out var file))
        {
            return file;
        }

        if (!create)
        {
            throw new FileNotFoundException($"There is no '{FullName(path)}'.", path);
        }

        return _files[path] = new PinnedFile(this, null);
    }

    public void Rename(string from, string to)
    {
        if (_files.Remove(from, out var file))
        {
            _files[to] = file;
        }
    }

    public void Delete(string path) => _files.Remove(path);

    public void FlushDirectory(string directory)
    {
        // nothing of this is to last
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Release();
        }

        _files.Clear();
    }

    /// <summary>Opens what the manifest names, which must be the same afterwards: then no file of it was removed meanwhile.</summary>
    private void Pin(string directory)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var manifest = ManifestOf(directory);
            var files = OpenAll(directory);
            if (manifest.AsSpan().SequenceEqual(ManifestOf(directory)))
            {
                foreach (var (path, file) in files)
                {
                    _files.Add(path, file);
                }

                return;
            }
            files.ForEach(file => file.File.Release());
        }
        throw new IOException($"The files of '{FullName(directory)}' are replaced faster than they can be opened.");
    }

    private List<(string Path, PinnedFile File)> OpenAll(string directory)
    {
        var files = new List<(string, PinnedFile)>();
        foreach (var path in _source.List(directory).Select(name => $"{directory}/{name}"))
        {
            if (TryOpen(path) is { } file)
            {
                files.Add((path, new PinnedFile(this, file)));
            }
        }

        return files;
    }

    private byte[] ManifestOf(string directory)
    {
        using var file = TryOpen($"{directory}/{ManifestName}");
        var bytes = new byte[file?.Length ?? 0];
        return file is null ? bytes : bytes[..file.Read(bytes, 0)];
    }

    private IDiskFile? TryOpen(string path)
    {
        try
        {
            return _source.Open(path, create: false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null; // removed a moment ago, or never there
        }
    }

    /// <summary>A file as it was, up to where something was written here, and behind that what was written.</summary>
    private sealed class PinnedFile(PinnedDisk disk, IDiskFile? source) : IDiskFile
    {
        private readonly MemoryStream _written = new();
        private long _kept = source?.Length ?? 0;

        public long Length => _kept + _written.Length;

        public int Read(Span<byte> buffer, long position)
        {
            var read = 0;
            if (position < _kept)
            {
                read = ReadSource(buffer[..(int)Math.Min(buffer.Length, _kept - position)], position);
                if (position + read < _kept)
                {
                    return read; // the buffer is full, or the broker has cut the file meanwhile
                }
            }
            _written.Position = Math.Min(position + read - _kept, _written.Length);
            return read + _written.Read(buffer[read..]);
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            if (position < _kept)
            {
                Take(position);
            }

            _written.Position = position - _kept;
            _written.Write(bytes);
        }

        public void Truncate(long length)
        {
            _kept = Math.Min(_kept, length);
            _written.SetLength(length - _kept);
        }

        public void Flush()
        {
            // nothing of this is to last
        }

        public void Dispose()
        {
            // stays open as long as the disk
        }

        public void Release() => source?.Dispose();

        private int ReadSource(Span<byte> buffer, long position)
        {
            var read = source?.Read(buffer, position) ?? 0;
            disk.Read(read);
            return read;
        }

        /// <summary>Makes what stands from the position on a part of what is written here.</summary>
        private void Take(long position)
        {
            var tail = new byte[Length - position];
            Read(tail, position);
            _kept = position;
            _written.SetLength(0);
            _written.Write(tail);
        }
    }
}
