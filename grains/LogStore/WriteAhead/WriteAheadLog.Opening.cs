using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

internal sealed partial class WriteAheadLog
{
    /// <summary>Numbers left out after a lost segment: more records than any segment has, so that no cursor is beyond.</summary>
    private const long LostSegmentRecords = 1L << 32;

    private LogOpening Open(long leastEpoch)
    {
        try
        {
            var findings = new List<LogFinding>();
            if ((!_isLoaded || _fault is not null) && Load(findings) is { } refusal)
            {
                return LogOpening.Refused(refusal.Result, refusal.Fault ?? throw new InvalidOperationException("A refusal has a fault."));
            }

            var last = _epoch == Closed ? _manifest.Epoch : Math.Max(_manifest.Epoch, _epoch);
            var epoch = Math.Max(last + 1, leastEpoch);
            TryBegin(epoch);
            Volatile.Write(ref _fault, null);
            Volatile.Write(ref _epoch, epoch);
            LogOpened(_context.Logger, _name, epoch, _view.FirstOffset, _next);
            foreach (var finding in findings)
            {
                Report(finding);
            }

            return new LogOpening(LogResult.Ok, new LogHandle(this, epoch), null, findings, Producers(), _hlc);
        }
        catch (DiskFullException e)
        {
            return LogOpening.Refused(LogResult.Full, Full(e.Message));
        }
        catch (IOException e)
        {
            return LogOpening.Refused(LogResult.Failed, Fail(Path(Manifest.FileName), 0, e));
        }
    }

    /// <summary>
    /// On a full disk the epoch counts in this process alone, which has the directory for itself: what is stored can be read, and the first
    /// change that finds space writes the epoch down with it.
    /// </summary>
    private void TryBegin(long epoch)
    {
        try
        {
            Begin(epoch, _manifest.Snapshot, _ => true);
        }
        catch (DiskFullException e)
        {
            Full(e.Message);
        }
    }

    /// <summary>Reads what the disk has. Null: the log is there, with the findings.</summary>
    private LogReply? Load(List<LogFinding> findings)
    {
        Disk.CreateDirectory(_name);
        var files = Disk.List(_name).ToHashSet();
        if (ReadManifest(files, out var manifest) is { } refusal)
        {
            return refusal;
        }

        _manifest = manifest;
        _producers = manifest.Producers.ToDictionary(entry => entry.Producer);
        (_hlc, _next) = (manifest.Hlc, manifest.FirstOffset);
        var segments = new List<Segment>();
        foreach (var entry in manifest.Segments)
        {
            segments.Add(entry.IsOpen ? Recover(entry, files, findings) : LoadSealed(entry, files, findings));
        }

        if (manifest.Snapshot is { } snapshot && !files.Contains(snapshot.FileName))
        {
            findings.Add(Missing(snapshot.FileName, 0, snapshot.DataEnd, 0, snapshot.Count));
        }

        RemoveLeftovers(files, findings);
        _open = segments.Find(segment => segment.Entry.IsOpen);
        var before = Show([.. segments]);
        foreach (var segment in before.Segments)
        {
            segment.Dispose();
        }

        if (before.Snapshot != _view.Snapshot)
        {
            before.Snapshot?.File.Dispose();
        }

        _isLoaded = true;
        return null;
    }

    private LogReply? ReadManifest(HashSet<string> files, out Manifest manifest)
    {
        manifest = Manifest.Empty;
        var path = Path(Manifest.FileName);
        var fullName = Disk.FullName(path);
        if (!files.Contains(Manifest.FileName))
        {
            return files.Any(HasRecords) ? new LogReply(LogResult.Damaged, new LogFault(fullName, 0,
                "it is missing, and there are segments; restore it from a backup, or move the directory away to begin anew without what it held")) : null;
        }

        using var file = Disk.Open(path, create: false);
        var bytes = new byte[file.Length];
        file.Read(bytes, 0);
        if (Manifest.Read(bytes, out var why) is not { } read)
        {
            return new LogReply(LogResult.Damaged, new LogFault(fullName, 0, why));
        }

        manifest = read;
        return null;
    }

    private Segment LoadSealed(SegmentEntry entry, HashSet<string> files, List<LogFinding> findings)
    {
        var segment = new Segment(Disk, Path(entry.FileName), entry);
        _next = entry.EndOffset;
        if (!files.Contains(entry.FileName))
        {
            findings.Add(Missing(entry.FileName, 0, entry.DataEnd, entry.BaseOffset, entry.EndOffset));
            return segment;
        }
        var length = segment.File.Length;
        if (length < entry.DataEnd)
        {
            findings.Add(Missing(entry.FileName, length, entry.DataEnd - length, entry.BaseOffset, entry.EndOffset));
        }
        else if (!SegmentFooter.IsPresent(segment.File, segment.Extent, entry.Salt))
        {
            QueueFooter(segment);
        }

        return segment;
    }

    /// <summary>Finds the end of the segment that was written to when the broker ended, and cuts what stands behind it.</summary>
    private Segment Recover(SegmentEntry entry, HashSet<string> files, List<LogFinding> findings)
    {
        var segment = new Segment(Disk, Path(entry.FileName), entry);
        _next = entry.BaseOffset;
        if (!files.Contains(entry.FileName))
        {
            _next += LostSegmentRecords;
            findings.Add(Missing(entry.FileName, 0, 0, entry.BaseOffset, _next));
            return new Segment(Disk, segment.Path, entry with { EndOffset = _next, DataEnd = SegmentHeader.Size });
        }
        var file = segment.File;
        var length = file.Length;
        var scan = new SegmentScan(file, entry.Salt, entry.BaseOffset);
        // After a failure in this process: what was not acknowledged is not there, even where the system's cache says so.
        scan.Run(_open?.Path == segment.Path ? Math.Min(length, _open.Extent.DataEnd) : length, isSealed: false);
        Cut(scan, segment, length, findings);
        segment.Recovered(scan);
        foreach (var (position, bytes, first, next) in scan.Holes)
        {
            findings.Add(new LogFinding(LogFindingKind.Damage, Disk.FullName(segment.Path), position, bytes, first, next));
        }

        foreach (var producer in scan.Producers.Values)
        {
            _producers[producer.Producer] = producer;
        }

        _hlc = Math.Max(_hlc, scan.Hlc);
        return segment;
    }

    private void Cut(SegmentScan scan, Segment segment, long length, List<LogFinding> findings)
    {
        var surplus = length - scan.DataEnd;
        _next = scan.NextOffset;
        if (surplus > 0)
        {
            segment.File.Truncate(scan.DataEnd);
            // Should it have been acknowledged (the last block rotted), cursors may be beyond: its numbers are not used again.
            _next += surplus / RecordHeader.Size + 1;
            findings.Add(new LogFinding(
                LogFindingKind.CutTail, Disk.FullName(segment.Path), scan.DataEnd, surplus, scan.NextOffset, _next));
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

    private LogFinding Missing(string fileName, long position, long bytes, long firstOffset, long nextOffset) =>
        new(LogFindingKind.MissingSegment, Disk.FullName(Path(fileName)), position, bytes, firstOffset, nextOffset);

    /// <summary>A crash leaves files that the manifest does not name yet, or no longer. A file with records that it should name stays.</summary>
    private void RemoveLeftovers(HashSet<string> files, List<LogFinding> findings)
    {
        HashSet<string> named = [Manifest.FileName, .. _manifest.Segments.Select(entry => entry.FileName)];
        if (_manifest.Snapshot is { } snapshot)
        {
            named.Add(snapshot.FileName);
        }
        // The process before may have ended before the name of this manifest was on the disk: the one before must not come back and miss a file.
        Disk.FlushDirectory(_name);
        foreach (var file in files.Except(named).Where(file => file is NewManifest || file.EndsWith(".segment") || file.EndsWith(".snapshot")))
        {
            if (IsNewerThanManifest(file))
            {
                findings.Add(new LogFinding(LogFindingKind.UnknownFile, Disk.FullName(Path(file)), 0, 0, NumberIn(file, 0), NumberIn(file, 0)));
            }
            else
            {
                Discard(Path(file));
            }
        }
    }

    /// <summary>Nothing is appended to a segment before the manifest names it: somebody has put an older manifest in its place.</summary>
    private bool IsNewerThanManifest(string file) =>
        (NumberIn(file, 1) > _manifest.Epoch || NumberIn(file, 0) > (_manifest.Segments.LastOrDefault()?.BaseOffset ?? -1)) && HasRecords(file);

    private bool HasRecords(string fileName)
    {
        if (!fileName.EndsWith(".segment"))
        {
            return false;
        }

        using var file = Disk.Open(Path(fileName), create: false);
        return file.Length > SegmentHeader.Size;
    }

    /// <summary>Offset and epoch are in the name of a segment.</summary>
    private static long NumberIn(string fileName, int part) =>
        fileName.Split('-', '.') is { Length: 3 } parts && long.TryParse(parts[part], out var number) ? number : -1;

    private void Report(LogFinding finding)
    {
        lock (_reported)
        {
            if (!_reported.Add(finding))
            {
                return; // every reader that comes by finds it again
            }
        }

        _context.Metrics?.Found(_name, finding);
        if (finding.Kind == LogFindingKind.CutTail)
        {
            LogCut(_context.Logger, _name, finding.File, finding.Position, finding.Bytes);
        }
        else
        {
            LogDamage(_context.Logger, finding.Kind, finding.File, finding.Position, finding.Bytes, finding.FirstOffset, finding.NextOffset);
        }
    }
}
