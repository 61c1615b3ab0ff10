using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>Reads what the disk has of a log when it is opened, and cuts what a crash left at its end. Used once.</summary>
/// <param name="name">Of the log.</param>
/// <param name="context">The disk.</param>
/// <param name="directory">Not changed here.</param>
internal sealed class LogRecovery(string name, StorageContext context, LogDirectory directory)
{
    /// <summary>Numbers left out after a lost segment: more records than any segment has, so that no cursor is beyond.</summary>
    private const long LostSegmentRecords = 1L << 32;

    private readonly List<LogFinding> _findings = [];
    private readonly List<Segment> _withoutFooter = [];
    private readonly List<Segment> _segments = [];
    private HashSet<string> _files = [];

    public Manifest Manifest { get; private set; } = Manifest.Empty;

    /// <summary>The segments of the manifest, in order; one of them is open, if any.</summary>
    public List<Segment> Segments => _segments;

    /// <summary>Sealed segments whose index is to be written.</summary>
    public List<Segment> WithoutFooter => _withoutFooter;

    /// <summary>What is not as it should be.</summary>
    public IReadOnlyList<LogFinding> Findings => _findings;

    /// <summary>Offset of the next record.</summary>
    public long Next { get; private set; }

    /// <summary>The highest clock value of a record.</summary>
    public ulong Hlc { get; private set; }

    private IDisk Disk => context.Disk;

    /// <param name="failed">The segment to which this process wrote until a failure; null: none.</param>
    /// <returns>Null; or why the log cannot be opened.</returns>
    public LogFault? Run(Segment? failed)
    {
        Disk.CreateDirectory(name);
        _files = [.. Disk.List(name)];
        var leftovers = new Leftovers(name, context, directory, _files);
        if (ReadManifest(leftovers) is { } refusal)
        {
            return refusal;
        }

        (Hlc, Next) = (Manifest.Hlc, Manifest.FirstOffset);
        foreach (var entry in Manifest.Segments)
        {
            _segments.Add(entry.IsOpen ? Recover(entry, failed) : Load(entry));
        }

        if (Manifest.Snapshot is { } snapshot && !_files.Contains(snapshot.FileName))
        {
            AddMissing(snapshot.FileName, 0, snapshot.DataEnd, 0, snapshot.Count);
        }

        _findings.AddRange(leftovers.Remove(Manifest));
        return null;
    }

    private LogFault? ReadManifest(Leftovers leftovers)
    {
        if (!_files.Contains(Manifest.FileName))
        {
            return leftovers.HaveRecords ? new LogFault(directory.ManifestName, 0,
                "it is missing, and there are segments; restore it from a backup, or move the directory away to begin anew without what it held") : null;
        }

        using var file = Disk.Open(directory.Path(Manifest.FileName), create: false);
        var bytes = new byte[file.Length];
        file.Read(bytes, 0);
        if (Manifest.Read(bytes, out var why) is not { } manifest)
        {
            return new LogFault(directory.ManifestName, 0, why);
        }

        Manifest = manifest;
        return null;
    }

    private Segment Load(SegmentEntry entry)
    {
        var segment = new Segment(Disk, directory.Path(entry.FileName), entry);
        Next = entry.EndOffset;
        if (!_files.Contains(entry.FileName))
        {
            AddMissing(entry.FileName, 0, entry.DataEnd, entry.BaseOffset, entry.EndOffset);
            return segment;
        }

        var length = segment.File.Length;
        if (length < entry.DataEnd)
        {
            AddMissing(entry.FileName, length, entry.DataEnd - length, entry.BaseOffset, entry.EndOffset);
        }
        else if (!SegmentFooter.IsPresent(segment.File, segment.Extent, entry.Salt))
        {
            _withoutFooter.Add(segment);
        }

        return segment;
    }

    /// <summary>Finds the end of the segment that was written to when the broker ended, and cuts what stands behind it.</summary>
    private Segment Recover(SegmentEntry entry, Segment? failed)
    {
        var segment = new Segment(Disk, directory.Path(entry.FileName), entry);
        Next = entry.BaseOffset;
        if (!_files.Contains(entry.FileName))
        {
            Next += LostSegmentRecords;
            AddMissing(entry.FileName, 0, 0, entry.BaseOffset, Next);
            return new Segment(Disk, segment.Path, entry with { EndOffset = Next, DataEnd = SegmentHeader.Size });
        }

        var file = segment.File;
        var length = file.Length;
        var scan = new SegmentScan(file, entry.Salt, entry.BaseOffset);
        // After a failure in this process: what was not acknowledged is not there, even where the system's cache says so.
        scan.Run(failed?.Path == segment.Path ? Math.Min(length, failed.Extent.DataEnd) : length, isSealed: false);
        Cut(scan, segment, length);
        segment.Recovered(scan);
        foreach (var (position, bytes, first, next) in scan.Holes)
        {
            _findings.Add(new LogFinding(LogFindingKind.Damage, segment.FullName, position, bytes, first, next));
        }

        Hlc = Math.Max(Hlc, scan.Hlc);
        return segment;
    }

    private void Cut(SegmentScan scan, Segment segment, long length)
    {
        var surplus = length - scan.DataEnd;
        Next = scan.NextOffset;
        if (surplus > 0)
        {
            segment.File.Truncate(scan.DataEnd);
            // Should it have been acknowledged (the last block rotted), cursors may be beyond: its numbers are not used again.
            Next += surplus / RecordHeader.Size + 1;
            _findings.Add(new LogFinding(LogFindingKind.CutTail, segment.FullName, scan.DataEnd, surplus, scan.NextOffset, Next));
        }

        Secure(segment.File, scan);
    }

    /// <summary>
    /// The process before may have ended between write and fsync, or at a failed fsync, after which the system believes that the disk has
    /// what it has not. Written once more and flushed, what was found is stored for good.
    /// </summary>
    private static void Secure(IDiskFile file, SegmentScan scan)
    {
        var last = new byte[scan.DataEnd - scan.LastGroup];
        file.Read(last, scan.LastGroup);
        file.Write(last, scan.LastGroup);
        file.Flush();
    }

    private void AddMissing(string fileName, long position, long bytes, long firstOffset, long nextOffset) => _findings.Add(new LogFinding(
        LogFindingKind.MissingSegment, Disk.FullName(directory.Path(fileName)), position, bytes, firstOffset, nextOffset));
}
