namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>One file of blocks. The log's lane writes to it; every thread may read it up to its extent.</summary>
internal sealed class Segment(IDisk disk, string path, SegmentEntry entry) : IDisposable
{
    private readonly Lock _lock = new(); // guards _file and _index
    private IDiskFile? _file;
    private SegmentIndex? _index;
    private SegmentExtent _extent = entry.IsOpen
        ? new SegmentExtent(SegmentHeader.Size, entry.BaseOffset) : new SegmentExtent(entry.DataEnd, entry.EndOffset);

    public SegmentEntry Entry => entry;

    public string Path => path;

    /// <summary>Name of the file in messages for the operator.</summary>
    public string FullName => disk.FullName(path);

    public long BaseOffset => entry.BaseOffset;

    public long NextOffset => Extent.NextOffset;

    public bool IsEmpty => NextOffset == BaseOffset;

    /// <summary>What may be read; moves when blocks are stored for good.</summary>
    public SegmentExtent Extent => Volatile.Read(ref _extent);

    /// <exception cref="FileNotFoundException">The file was deleted.</exception>
    public IDiskFile File
    {
        get
        {
            lock (_lock)
            {
                return _file ??= disk.Open(path, create: false);
            }
        }
    }

    /// <summary>The entry of a segment to which nothing is added any more.</summary>
    public SegmentEntry SealedEntry => entry with { EndOffset = Extent.NextOffset, DataEnd = Extent.DataEnd };

    /// <summary>Creates a file with its header, and flushes it; its name is not flushed.</summary>
    public static Segment Create(IDisk disk, string path, SegmentEntry entry, SegmentKind kind, long baseOffset)
    {
        var file = disk.Open(path, create: true);
        try
        {
            file.Truncate(0);
            file.Write(new SegmentHeader(kind, entry.Epoch, baseOffset, entry.Created, entry.Salt).ToBytes(), 0);
            file.Flush();
        }
        catch
        {
            file.Dispose();
            throw;
        }
        return new Segment(disk, path, entry) { _file = file, _index = new SegmentIndex() };
    }

    /// <summary>Takes in blocks that were written at the end of the extent and are stored for good.</summary>
    public void Extend(ReadOnlySpan<byte> block)
    {
        if (!BlockHeader.TryRead(block, entry.Salt, out var header))
        {
            throw new InvalidOperationException("A block that was just written has no valid header.");
        }

        var index = _index ?? throw new InvalidOperationException("The segment is sealed.");
        index.Add(header, Extent.DataEnd);
        Volatile.Write(ref _extent, new SegmentExtent(Extent.DataEnd + header.BlockLength, header.NextOffset));
    }

    /// <summary>Takes in what a scan found.</summary>
    public void Recovered(SegmentScan scan)
    {
        _index = scan.Index;
        Volatile.Write(ref _extent, new SegmentExtent(scan.DataEnd, scan.NextOffset));
    }

    /// <summary>Returns a position from which a reader finds the offset.</summary>
    public long PositionOf(long offset) =>
        offset <= entry.BaseOffset ? SegmentHeader.Size : Index().PositionOf(offset); // a snapshot, read from its start, has no index

    /// <summary>Writes the footer, once nothing is added any more.</summary>
    public void WriteFooter()
    {
        var extent = Extent;
        var footer = SegmentFooter.Encode(Index(), extent, entry.Salt);
        File.Truncate(extent.DataEnd); // what a crash left of an earlier attempt
        File.Write(footer, extent.DataEnd);
        File.Flush();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
        }
    }

    private SegmentIndex Index()
    {
        if (Volatile.Read(ref _index) is { } known)
        {
            return known;
        }

        var index = SegmentFooter.Read(File, Extent, entry.Salt) ?? Scanned();
        lock (_lock)
        {
            return _index ??= index;
        }
    }

    private SegmentIndex Scanned()
    {
        var scan = new SegmentScan(File, entry.Salt, entry.BaseOffset);
        scan.Run(Extent.DataEnd, isSealed: true);
        return scan.Index;
    }
}
