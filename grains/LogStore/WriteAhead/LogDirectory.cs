using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>
/// The files of a log, and the manifest that says which of them count. The log's lane changes them; readers take a view, which is exchanged
/// as a whole.
/// </summary>
internal sealed class LogDirectory(string name, StorageContext context)
{
    public const string NewManifest = "manifest.new";

    private LogView _view = LogView.Empty;

    /// <summary>The manifest in force. For the lane alone.</summary>
    public Manifest Manifest { get; private set; } = Manifest.Empty;

    public LogView View => Volatile.Read(ref _view);

    /// <summary>Name in messages for the operator.</summary>
    public string FullName => Disk.FullName(name);

    public string ManifestName => Disk.FullName(Path(Manifest.FileName));

    private IDisk Disk => context.Disk;

    public string Path(string fileName) => $"{name}/{fileName}";

    /// <summary>Waits until the names of new files are on the disk.</summary>
    public void FlushNames() => Disk.FlushDirectory(name);

    /// <summary>Replaces the manifest. A full disk changes nothing; after any other exception it is not known which one is in force.</summary>
    public void Replace(Manifest manifest)
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
            FlushNames();
        }
        catch (DiskFullException e)
        {
            throw new IOException(e.Message, e); // too late to go on with the one before
        }
        Manifest = manifest;
    }

    /// <summary>Takes what a recovery found in place of what was here, and closes that.</summary>
    public void Load(Manifest manifest, Segment[] segments)
    {
        Manifest = manifest;
        var before = Show(segments);
        foreach (var segment in before.Segments)
        {
            segment.Dispose();
        }

        if (before.Snapshot != View.Snapshot)
        {
            before.Snapshot?.File.Dispose();
        }
    }

    /// <summary>Shows readers what the manifest says now, and removes the files of what it no longer names.</summary>
    public void Publish(Segment[] segments)
    {
        var before = Show(segments);
        foreach (var segment in before.Segments.Except(segments))
        {
            Remove(segment);
        }

        if (before.Snapshot is { } old && old != View.Snapshot)
        {
            Remove(old.File);
        }
    }

    /// <summary>Removes a file that counts no longer. One that stays is removed by the next opening.</summary>
    public void Discard(string path)
    {
        try
        {
            Disk.Delete(path);
        }
        catch (IOException e)
        {
            WriteAheadLog.LogNotRemoved(context.Logger, e, Disk.FullName(path));
        }
    }

    /// <summary>Closes the files.</summary>
    public void Close()
    {
        foreach (var segment in View.Segments)
        {
            segment.Dispose();
        }

        View.Snapshot?.File.Dispose();
    }

    /// <returns>What readers saw before.</returns>
    private LogView Show(Segment[] segments)
    {
        var before = _view;
        var snapshot = Manifest.Snapshot is not { } entry ? null
            : before.Snapshot is { } known && known.Entry == entry ? known
            : new SnapshotFile(entry, new Segment(Disk, Path(entry.FileName), entry.AsSegment));
        Volatile.Write(ref _view, new LogView(segments, snapshot, Manifest.FirstOffset));
        return before;
    }

    private void Remove(Segment segment)
    {
        segment.Dispose();
        Discard(segment.Path);
    }
}
