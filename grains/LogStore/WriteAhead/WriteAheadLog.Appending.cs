using System.Security.Cryptography;
using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

internal sealed partial class WriteAheadLog
{
    public ValueTask<AppendReply> AppendAsync(long epoch, LogBatch batch)
    {
        if (batch.Count == 0)
        {
            throw new ArgumentException("A batch without records has nothing to append.", nameof(batch));
        }

        var change = new AppendChange(epoch, batch);
        _lane.Post(change);
        return new ValueTask<AppendReply>(change.Task);
    }

    private void AppendGroup()
    {
        while (_group.Count > 0)
        {
            var (count, bytes) = (0, 0L);
            do
            {
                bytes += _group[count++].Batch.Bytes;
            }
            while (count < _group.Count && bytes + _group[count].Batch.Bytes <= GroupBytes);
            Append(_group.GetRange(0, count));
            _group.RemoveRange(0, count);
        }
    }

    private void Append(List<AppendChange> group)
    {
        try
        {
            group.RemoveAll(IsRefused);
            if (group.Count > 0)
            {
                Append(group, group.Sum(change => (long)change.Batch.Bytes));
            }
        }
        catch (Exception e) // nobody knows in which state the log is now
        {
            Refuse(group, LogResult.Failed, Fail(_open?.Path ?? _name, 0, e));
        }
    }

    private bool IsRefused(AppendChange change)
    {
        if (!IsCurrent(change.Epoch))
        {
            change.Complete(new AppendReply(LogResult.Fenced, 0));
        }
        else if (_fault is not null)
        {
            change.Complete(new AppendReply(LogResult.Failed, 0, _fault));
        }
        else
        {
            return false;
        }

        return true;
    }

    private void Append(List<AppendChange> group, long bytes)
    {
        if (!HasSpaceFor(bytes, out var fault))
        {
            Refuse(group, LogResult.Full, fault);
            return;
        }
        try
        {
            var open = OpenSegment(bytes);
            if (TryWrite(open, group, out fault))
            {
                Acknowledge(open, group);
            }
            else
            {
                Refuse(group, _fault is null ? LogResult.Full : LogResult.Failed, _fault ?? fault);
            }
        }
        catch (DiskFullException e) // no space for another segment; the one before is as it was
        {
            Refuse(group, LogResult.Full, Full(e.Message));
        }
        catch (IOException e)
        {
            Refuse(group, LogResult.Failed, Fail(Path(Manifest.FileName), 0, e));
        }
    }

    private static void Refuse(List<AppendChange> group, LogResult result, LogFault? fault)
    {
        foreach (var change in group)
        {
            change.Complete(new AppendReply(result, 0, fault));
        }
    }

    private bool HasSpaceFor(long bytes, out LogFault? fault)
    {
        var free = FreeBytes();
        fault = free - bytes >= _context.Options.MinFreeBytes
            ? null
            : Full($"{free} bytes are free, and {_context.Options.MinFreeBytes} are kept free for what makes room. Free some space, or lower Store:MinFreeBytes.");
        if (fault is null && _isFull)
        {
            LogSpaceBack(_context.Logger, _name);
        }

        _isFull = fault is not null;
        return !_isFull;
    }

    /// <summary>A disk that cannot tell how much is free tells it when it is written to.</summary>
    private long FreeBytes()
    {
        try
        {
            return Disk.FreeBytes;
        }
        catch (IOException)
        {
            return long.MaxValue;
        }
    }

    private LogFault Full(string cause)
    {
        if (!_isFull)
        {
            LogFull(_context.Logger, _name, cause);
        }

        _isFull = true;
        return new LogFault(Disk.FullName(_name), 0, cause);
    }

    /// <summary>False: it was cut again, or (<see cref="_fault"/>) nobody knows what is there.</summary>
    private bool TryWrite(Segment open, List<AppendChange> group, out LogFault? fault)
    {
        fault = null;
        var (position, next) = (open.Extent.DataEnd, _next);
        try
        {
            foreach (var change in group)
            {
                change.Batch.Finish(next, _next, open.Entry.Salt);
                open.File.Write(change.Batch.Block.Span, position);
                position += change.Batch.Bytes;
                next += change.Batch.Count;
            }
            Flush(open);
            return true;
        }
        catch (IOException e)
        {
            Cut(open, e is DiskFullException ? null : e, position);
            fault = _fault ?? Full(e.Message);
            return false;
        }
    }

    private void Flush(Segment open)
    {
        var start = _context.Time.GetTimestamp();
        open.File.Flush();
        _context.Metrics?.Flushed(_name, _context.Time.GetElapsedTime(start));
    }

    /// <summary>
    /// Takes back what was written and not acknowledged, so that no later reader of the file takes it for stored. When the disk was only
    /// full and this is stored for good, the log goes on as if nothing had happened.
    /// </summary>
    private void Cut(Segment open, Exception? cause, long position)
    {
        try
        {
            open.File.Truncate(open.Extent.DataEnd);
            open.File.Flush();
        }
        catch (IOException e)
        {
            cause ??= e;
        }
        if (cause is not null)
        {
            Fail(open.Path, position, cause);
        }
    }

    private void Acknowledge(Segment open, List<AppendChange> group)
    {
        _context.Metrics?.Appended(_name, group.Sum(change => (long)change.Batch.Bytes), group.Sum(change => (long)change.Batch.Count));
        foreach (var change in group)
        {
            var batch = change.Batch;
            open.Extend(batch.Block.Span);
            if (batch.Producer != 0)
            {
                _producers[batch.Producer] = new ProducerEntry(batch.Producer, batch.Sequence, _next);
            }

            _hlc = Math.Max(_hlc, batch.Hlc);
            var first = _next;
            _next += batch.Count;
            change.Complete(new AppendReply(LogResult.Ok, first));
        }
    }

    private Segment OpenSegment(long bytes)
    {
        if (IsBehind)
        {
            return Begin(_epoch, _manifest.Snapshot, _ => true);
        }

        var open = _open ?? throw new InvalidOperationException("The log is not open.");
        if (open.IsEmpty || open.Extent.DataEnd + bytes <= _context.Options.SegmentBytes && !IsAged(open))
        {
            return open;
        }

        return Begin(_epoch, _manifest.Snapshot, _ => true);
    }

    private bool IsAged(Segment segment) => Now - segment.Entry.Created >= _context.Options.SegmentAge.TotalMilliseconds;

    /// <summary>
    /// Ends the segment that was written to and begins another, in one exchange of the manifest; segments that are empty or not to be
    /// kept go. After an exception other than a full disk nobody knows which manifest is in force.
    /// </summary>
    private Segment Begin(long epoch, SnapshotEntry? snapshot, Predicate<Segment> isKept)
    {
        var entry = new SegmentEntry(_next, epoch, SegmentEntry.Open, 0, Now, (uint)RandomNumberGenerator.GetInt32(int.MaxValue));
        Segment[] kept = [.. _view.Segments.Where(segment => !segment.IsEmpty && isKept(segment))];
        var begun = Create(entry);
        try
        {
            Disk.FlushDirectory(_name); // before a manifest names it
            Write(new Manifest(
                epoch, kept.Length > 0 ? kept[0].BaseOffset : entry.BaseOffset, _hlc, snapshot,
                [.. kept.Select(segment => segment.SealedEntry), entry], Producers()));
        }
        catch (IOException e)
        {
            begun.Dispose();
            if (e is DiskFullException) // otherwise the manifest in force may name it
            {
                Discard(begun.Path);
            }

            throw;
        }
        var ended = _open;
        _open = begun;
        Publish([.. kept, begun]);
        if (ended is not null && kept.Contains(ended))
        {
            QueueFooter(ended);
        }

        return begun;
    }

    private Segment Create(SegmentEntry entry)
    {
        var path = Path(entry.FileName);
        try
        {
            return Segment.Create(Disk, path, entry, SegmentKind.Log, entry.BaseOffset);
        }
        catch (IOException)
        {
            Discard(path);
            throw;
        }
    }

    private ProducerEntry[] Producers()
    {
        if (_producers.Count > MaxProducers)
        {
            _producers = _producers.Values.OrderByDescending(entry => entry.Offset).Take(MaxProducers).ToDictionary(entry => entry.Producer);
        }

        return [.. _producers.Values];
    }

    private sealed class AppendChange(long epoch, LogBatch batch) : LogChange<AppendReply>(
        () => throw new InvalidOperationException("Appends are carried out together."))
    {
        public long Epoch => epoch;

        public LogBatch Batch => batch;
    }
}
