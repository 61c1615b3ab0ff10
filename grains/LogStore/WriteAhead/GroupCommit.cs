using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>
/// Appends what waits with one fsync and answers it; takes back what the disk refused. For the log's lane alone.
/// </summary>
internal sealed class GroupCommit(string name, StorageContext context, LogDirectory directory, WriterState writer, LogTail tail)
{
    /// <summary>Bytes that share an fsync: more would keep the first of them waiting.</summary>
    private const int GroupBytes = 8 << 20;

    private readonly List<AppendChange> _waiting = [];

    /// <summary>Takes an append; <see cref="Run()"/> answers it.</summary>
    public void Add(AppendChange append) => _waiting.Add(append);

    /// <summary>Appends what was added.</summary>
    public void Run()
    {
        while (_waiting.Count > 0)
        {
            var (count, bytes) = (0, 0L);
            do
            {
                bytes += _waiting[count++].Batch.Bytes;
            }
            while (count < _waiting.Count && bytes + _waiting[count].Batch.Bytes <= GroupBytes);
            Run(_waiting.GetRange(0, count));
            _waiting.RemoveRange(0, count);
        }
    }

    private void Run(List<AppendChange> group)
    {
        try
        {
            group.RemoveAll(IsRefused);
            if (group.Count > 0)
            {
                Append(group, group.Sum(append => (long)append.Batch.Bytes));
            }
        }
        catch (Exception e) // the state of the log is unknown
        {
            Refuse(group, LogResult.Failed, writer.Fail(tail.Open?.FullName ?? directory.FullName, 0, e));
        }
    }

    private bool IsRefused(AppendChange append)
    {
        if (!writer.IsCurrent(append.Epoch))
        {
            append.Complete(new AppendReply(LogResult.Fenced, 0));
        }
        else if (writer.Fault is { } fault)
        {
            append.Complete(new AppendReply(LogResult.Failed, 0, fault));
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
            var open = tail.SegmentFor(bytes);
            if (TryWrite(open, group, out fault))
            {
                Acknowledge(open, group);
            }
            else
            {
                Refuse(group, writer.Fault is null ? LogResult.Full : LogResult.Failed, fault);
            }
        }
        catch (DiskFullException e) // no space for another segment; the one before is as it was
        {
            Refuse(group, LogResult.Full, writer.Full(e.Message));
        }
        catch (IOException e)
        {
            Refuse(group, LogResult.Failed, writer.Fail(directory.ManifestName, 0, e));
        }
    }

    private static void Refuse(List<AppendChange> group, LogResult result, LogFault? fault)
    {
        foreach (var append in group)
        {
            append.Complete(new AppendReply(result, 0, fault));
        }
    }

    private bool HasSpaceFor(long bytes, out LogFault? fault)
    {
        var (free, floor) = (FreeBytes(), context.Options.MinFreeBytes);
        if (free - bytes < floor)
        {
            fault = writer.Full($"{free} bytes are free, and {floor} are kept free for what makes room. Free some space, or lower Store:MinFreeBytes.");
            return false;
        }

        fault = null;
        writer.HasSpace();
        return true;
    }

    /// <summary>Returns the free bytes. A disk that cannot tell says so when it is written to.</summary>
    private long FreeBytes()
    {
        try
        {
            return context.Disk.FreeBytes;
        }
        catch (IOException)
        {
            return long.MaxValue;
        }
    }

    /// <summary>Writes and flushes. False: it was cut again or, with a fault of the writer, what is there is unknown.</summary>
    private bool TryWrite(Segment open, List<AppendChange> group, out LogFault? fault)
    {
        fault = null;
        var (position, next) = (open.Extent.DataEnd, tail.Next);
        try
        {
            foreach (var append in group)
            {
                append.Batch.Finish(next, tail.Next, open.Entry.Salt);
                open.File.Write(append.Batch.Block.Span, position);
                position += append.Batch.Bytes;
                next += append.Batch.Count;
            }
            Flush(open);
            return true;
        }
        catch (IOException e)
        {
            Cut(open, e is DiskFullException ? null : e, position);
            fault = writer.Fault ?? writer.Full(e.Message);
            return false;
        }
    }

    private void Flush(Segment open)
    {
        var start = context.Time.GetTimestamp();
        open.File.Flush();
        context.Metrics?.Flushed(name, context.Time.GetElapsedTime(start));
    }

    /// <summary>
    /// Takes back what was written and not acknowledged, so that no later reader of the file takes it for stored. When the disk was only
    /// full and the cut is stored for good, the log goes on as if nothing had happened.
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
            writer.Fail(open.FullName, position, cause);
        }
    }

    private void Acknowledge(Segment open, List<AppendChange> group)
    {
        context.Metrics?.Appended(name, group.Sum(append => (long)append.Batch.Bytes), group.Sum(append => (long)append.Batch.Count));
        foreach (var append in group)
        {
            append.Complete(new AppendReply(LogResult.Ok, tail.Add(open, append.Batch)));
        }
    }
}

/// <summary>An append on its way. It is not carried out alone: those that wait share one fsync.</summary>
internal sealed class AppendChange(long epoch, LogBatch batch) : LogChange<AppendReply>(
    () => throw new InvalidOperationException("Appends are carried out together."))
{
    public long Epoch => epoch;

    public LogBatch Batch => batch;
}
