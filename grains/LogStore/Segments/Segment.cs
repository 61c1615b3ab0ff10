namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>One file of blocks: written by the log's lane, read by everybody up to its extent.</summary>
internal sealed partial class Segment(IDisk disk, string path, SegmentEntry entry) : IDisposable
{
    private readonly Lock _lock = new();
    private IDiskFile? _file;
    private ISegmentIndex? _index;
    private SegmentExtent _extent = new(entry.IsOpen ? SegmentHeader.Size : entry.DataEnd, entry.IsOpen ? entry.BaseOffset : entry.EndOffset);

    public SegmentEntry Entry => entry;

    public string Path => path;

    public long BaseOffset => entry.BaseOffset;

    public long NextOffset => Extent.NextOffset;

    public bool IsEmpty => NextOffset == BaseOffset;

    /// <summary>What may be read; moves when blocks are stored for good.</summary>
    public SegmentExtent Extent => Volatile.Read(ref _extent);

    /// <exception cref="FileNotFoundException">Somebody deleted it.</exception>
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

    /// <summary>A new file with its header, flushed; its name is not.</summary>
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

    /// <summary>Blocks written at the end of the extent are stored for good.</summary>
    public void Extend(ReadOnlySpan<byte> block)
    {
        if (!BlockHeader.TryRead(block, entry.Salt, out var header))
        {
            throw new InvalidOperationException("A block that was just written has no valid header.");
        }

        OpenIndex.Add(header, Extent.DataEnd, block);
        Volatile.Write(ref _extent, new SegmentExtent(Extent.DataEnd + header.BlockLength, header.NextOffset));
    }

    /// <summary>What a scan found to be there.</summary>
    public void Recovered(SegmentScan scan)
    {
        _index = scan.Index;
        Volatile.Write(ref _extent, new SegmentExtent(scan.DataEnd, scan.NextOffset));
    }

    /// <summary>Writes the footer, once nothing is added any more. Until it is there a reader uses what is in memory.</summary>
    public void WriteFooter()
    {
        var extent = Extent;
        var footer = SegmentFooter.Encode(Index() as SegmentIndex ?? Scan().Index, extent, entry.Salt);
        File.Truncate(extent.DataEnd);
        File.Write(footer, extent.DataEnd);
        File.Flush();
        lock (_lock)
        {
            _index = SegmentFooter.Read(File, extent, entry.Salt) ?? _index;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
        }
    }

    private SegmentIndex OpenIndex => (SegmentIndex?)_index ?? throw new InvalidOperationException("The segment is sealed.");

    private ISegmentIndex Index()
    {
        if (Volatile.Read(ref _index) is { } known)
        {
            return known;
        }

        var index = SegmentFooter.Read(File, Extent, entry.Salt) ?? (ISegmentIndex)Scan().Index;
        lock (_lock)
        {
            return _index ??= index;
        }
    }

    private SegmentScan Scan()
    {
        var scan = new SegmentScan(File, entry.Salt, entry.BaseOffset);
        scan.Run(Extent.DataEnd, isSealed: true);
        return scan;
    }
}
