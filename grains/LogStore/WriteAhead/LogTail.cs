using System.Security.Cryptography;
using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>
/// The end of a log: the segment that is written to, and what the next record gets. Begins segments, seals them, and lets go of those that a
/// snapshot stands for. For the log's lane alone.
/// </summary>
internal sealed class LogTail(StorageContext context, LogDirectory directory, WriterState writer)
{
    /// <summary>The segment that is written to; null before the log is opened.</summary>
    public Segment? Open { get; private set; }

    /// <summary>Offset of the next record.</summary>
    public long Next { get; private set; }

    /// <summary>The highest clock value of any record so far.</summary>
    public ulong Hlc { get; private set; }

    private long _begun;

    /// <summary>Whether the manifest has an older epoch than this process: the disk was full when the log was opened.</summary>
    private bool IsBehind => directory.Manifest.Epoch < writer.Epoch;

    /// <summary>Takes what a recovery found.</summary>
    public void Load(LogRecovery recovered)
    {
        (Open, Next, Hlc) = (recovered.Segments.Find(segment => segment.Entry.IsOpen), recovered.Next, recovered.Hlc);
        recovered.WithoutFooter.ForEach(QueueFooter);
    }

    /// <summary>
    /// Begins a segment under a new epoch. On a full disk the epoch counts in this process alone, which has the directory for itself: what is
    /// stored can be read, and the first change that finds space writes the epoch down with it.
    /// </summary>
    public void TryBegin(long epoch)
    {
        try
        {
            Begin(epoch, directory.Manifest.Snapshot, _ => true);
        }
        catch (DiskFullException e)
        {
            writer.Full(e.Message);
        }
    }

    /// <summary>Returns the segment for so many bytes, which is a new one where the other has its size or age.</summary>
    public Segment SegmentFor(long bytes)
    {
        var open = Open;
        if (!IsBehind && open is null)
        {
            throw new InvalidOperationException("The log is not open.");
        }

        return IsBehind || open is null || !open.IsEmpty && (open.Extent.DataEnd + bytes > context.Options.SegmentBytes || IsAged)
            ? Begin(writer.Epoch, directory.Manifest.Snapshot, _ => true) : open;
    }

    /// <summary>Takes in a batch that is stored for good.</summary>
    /// <returns>Offset of its first record.</returns>
    public long Add(Segment open, LogBatch batch)
    {
        open.Extend(batch.Block.Span);
        Hlc = Math.Max(Hlc, batch.Hlc);
        var first = Next;
        Next += batch.Count;
        return first;
    }

    /// <summary>
    /// Lets a snapshot, whose file is whole, stand for the records below its offset: segments without a record from
    /// <paramref name="keepFrom"/> on go.
    /// </summary>
    public void Commit(SnapshotEntry snapshot, long keepFrom)
    {
        directory.FlushNames();
        if (IsBehind || Open is { IsEmpty: false })
        {
            // A new segment, so that the one that the snapshot stands for can go and a restart need not read it.
            Begin(writer.Epoch, snapshot, segment => segment.NextOffset > keepFrom);
            return;
        }

        Segment[] kept = [.. directory.View.Segments.Where(segment => segment == Open || segment.NextOffset > keepFrom)];
        var manifest = directory.Manifest;
        directory.Replace(manifest with { Snapshot = snapshot, FirstOffset = kept[0].BaseOffset, Segments = manifest.Segments[^kept.Length..] });
        directory.Publish(kept);
    }

    /// <summary>Seals the last segment at an orderly stop, so that the next start need not look for its end.</summary>
    public void Seal()
    {
        if (Open is not { IsEmpty: false } open)
        {
            return;
        }

        directory.Replace(directory.Manifest with { Segments = [.. directory.View.Segments.Select(segment => segment.SealedEntry)], Hlc = Hlc });
        open.WriteFooter();
    }

    /// <summary>Whether a seal would write under an epoch that the disk knows.</summary>
    public bool CanSeal => !IsBehind;

    /// <summary>By the monotonic clock: this process has begun the segment that it writes to.</summary>
    private bool IsAged => context.Time.GetElapsedTime(_begun) >= context.Options.SegmentAge;

    /// <summary>
    /// Ends the segment that was written to and begins another, in one exchange of the manifest; segments that are empty or not to be
    /// kept go. After an exception other than a full disk it is not known which manifest is in force.
    /// </summary>
    private Segment Begin(long epoch, SnapshotEntry? snapshot, Predicate<Segment> isKept)
    {
        var entry = new SegmentEntry(
            Next, epoch, SegmentEntry.Open, 0, context.Time.GetUtcNow().ToUnixTimeMilliseconds(), (uint)RandomNumberGenerator.GetInt32(int.MaxValue));
        Segment[] kept = [.. directory.View.Segments.Where(segment => !segment.IsEmpty && isKept(segment))];
        var begun = Create(entry);
        try
        {
            directory.FlushNames(); // before a manifest names it
            directory.Replace(new Manifest(
                epoch, kept.Length > 0 ? kept[0].BaseOffset : entry.BaseOffset, Hlc, snapshot, [.. kept.Select(segment => segment.SealedEntry), entry]));
        }
        catch (IOException e)
        {
            begun.Dispose();
            if (e is DiskFullException) // otherwise the manifest in force may name it
            {
                directory.Discard(begun.Path);
            }

            throw;
        }
        var ended = Open;
        Open = begun;
        _begun = context.Time.GetTimestamp();
        directory.Publish([.. kept, begun]);
        if (ended is not null && kept.Contains(ended))
        {
            QueueFooter(ended);
        }

        return begun;
    }

    private Segment Create(SegmentEntry entry)
    {
        var path = directory.Path(entry.FileName);
        try
        {
            return Segment.Create(context.Disk, path, entry, SegmentKind.Log, entry.BaseOffset);
        }
        catch (IOException)
        {
            directory.Discard(path);
            throw;
        }
    }

    /// <summary>Writes a footer on another thread: appends do not wait for its fsync.</summary>
    private void QueueFooter(Segment segment) => context.Readers.Queue(() =>
    {
        try
        {
            segment.WriteFooter();
        }
        catch (ObjectDisposedException)
        {
            // trimmed meanwhile, or the store ends: the next opening sees that it has no footer
        }
        catch (Exception e) // no caller awaits this, and the segment serves without it
        {
            WriteAheadLog.LogNoFooter(context.Logger, e, segment.FullName);
        }
    });
}
