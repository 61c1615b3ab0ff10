using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

internal sealed partial class WriteAheadLog
{
    private const string NewManifest = "manifest.new";

    /// <summary>Replaces the manifest. A full disk changes nothing; after any other exception nobody knows which one is in force.</summary>
    private void Write(Manifest manifest)
    {
        try
        {
            using var file = Disk.Open(Path(NewManifest), create: true);
            file.Truncate(0);
            file.Write(manifest.ToBytes(), 0);
            file.Flush();
        }
        catch (DiskFullException)
        {
            Discard(Path(NewManifest));
            throw;
        }
        try
        {
            Disk.Rename(Path(NewManifest), Path(Manifest.FileName));
            Disk.FlushDirectory(_name);
        }
        catch (DiskFullException e)
        {
            throw new IOException(e.Message, e); // too late to go on with the one before
        }
        _manifest = manifest;
    }

    /// <summary>Shows readers what the manifest says now, and removes the files of what it no longer names.</summary>
    private void Publish(Segment[] segments)
    {
        var before = Show(segments);
        foreach (var segment in before.Segments.Except(segments))
        {
            Remove(segment);
        }

        if (before.Snapshot is { } old && old != _view.Snapshot)
        {
            Remove(old.File);
        }
    }

    /// <returns>What they saw before.</returns>
    private LogView Show(Segment[] segments)
    {
        var before = _view;
        var snapshot = _manifest.Snapshot is not { } entry ? null
            : before.Snapshot is { } known && known.Entry == entry ? known
            : new SnapshotFile(entry, new Segment(Disk, Path(entry.FileName), entry.AsSegment));
        Volatile.Write(ref _view, new LogView(segments, snapshot, _manifest.FirstOffset));
        return before;
    }

    private void Remove(Segment segment)
    {
        segment.Dispose();
        Discard(segment.Path);
    }

    /// <summary>Removes a file that counts no longer. One that stays is removed by the next opening.</summary>
    private void Discard(string path)
    {
        try
        {
            Disk.Delete(path);
        }
        catch (IOException e)
        {
            LogNotRemoved(_context.Logger, e, Disk.FullName(path));
        }
    }

    public LogSnapshot BeginSnapshot(long epoch, long offset) => new(this, _context, epoch, offset);

    public ValueTask<LogReply> DiscardAsync(string path) => Post(() =>
    {
        Discard(path);
        return LogReply.Ok;
    });

    private LogReply Trim(long below)
    {
        var open = _open;
        if (IsBehind || open is { IsEmpty: false } && IsAged(open))
        {
            Begin(_epoch, _manifest.Snapshot, segment => segment.NextOffset > below);
            return LogReply.Ok;
        }
        Segment[] kept = [.. _view.Segments.Where(segment => segment == open || segment.NextOffset > below)];
        if (kept.Length == _view.Segments.Length)
        {
            return LogReply.Ok;
        }

        Write(_manifest with { FirstOffset = kept[0].BaseOffset, Segments = _manifest.Segments[^kept.Length..] });
        Publish(kept);
        return LogReply.Ok;
    }

    /// <summary>The snapshot's file is whole; from now on it stands for the records below its offset.</summary>
    private LogReply CommitSnapshot(SnapshotEntry snapshot, long keepFrom)
    {
        Disk.FlushDirectory(_name);
        if (IsBehind || _open is { IsEmpty: false })
        {
            // A new segment, so that the one that the snapshot stands for can go and a restart need not read it.
            Begin(_epoch, snapshot, segment => segment.NextOffset > keepFrom);
            return LogReply.Ok;
        }
        Segment[] kept = [.. _view.Segments.Where(segment => segment == _open || segment.NextOffset > keepFrom)];
        Write(_manifest with { Snapshot = snapshot, FirstOffset = kept[0].BaseOffset, Segments = _manifest.Segments[^kept.Length..] });
        Publish(kept);
        return LogReply.Ok;
    }

    /// <summary>A footer takes time when there are many topics; appends do not wait for it.</summary>
    private void QueueFooter(Segment segment) => _context.Readers.Queue(() =>
    {
        try
        {
            segment.WriteFooter();
        }
        catch (ObjectDisposedException)
        {
            // trimmed meanwhile, or the store ends: the next opening sees that it has no footer
        }
        catch (Exception e) // nobody awaits this, and the segment serves without it
        {
            LogNoFooter(_context.Logger, e, Disk.FullName(segment.Path));
        }
    });
}
