using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>Reads what a view of the log shows, on the threads for reading. Waits for no lock of a writer.</summary>
internal sealed class LogReader(StorageContext context, LogDirectory directory, FindingReports reports)
{
    public ValueTask<ReadReply> ReadAsync(long from, LogPage page) => RunAsync(from, page, ReadRecords);

    public ValueTask<ReadReply> ReadSnapshotAsync(long from, LogPage page) => RunAsync(from, page, ReadSnapshot);

    private ValueTask<ReadReply> RunAsync(long from, LogPage page, Func<LogView, long, LogPage, ReadReply> body)
    {
        var read = new LogChange<ReadReply>(() => Run(from, page, body));
        context.Readers.Queue(read.RunAlone);
        return new ValueTask<ReadReply>(read.Task);
    }

    private ReadReply Run(long from, LogPage page, Func<LogView, long, LogPage, ReadReply> body)
    {
        while (true)
        {
            page.Begin(from);
            var view = directory.View;
            try
            {
                var reply = body(view, from, page);
                if (reply.Result != LogResult.Damaged || directory.View == view)
                {
                    return reply;
                }
            }
            catch (ObjectDisposedException) when (directory.View != view)
            {
                // what was read is gone, trimmed or replaced: look again
            }
            catch (IOException e)
            {
                return new ReadReply(LogResult.Failed, from, new LogFault(directory.FullName, 0, e.Message));
            }
        }
    }

    private ReadReply ReadRecords(LogView view, long from, LogPage page)
    {
        if (from < view.FirstOffset)
        {
            return new ReadReply(LogResult.Trimmed, view.FirstOffset);
        }

        var offset = from;
        for (var at = FirstWith(view.Segments, offset); at < view.Segments.Length; at++)
        {
            var segment = view.Segments[at];
            offset = Math.Max(offset, segment.BaseOffset); // numbers that a recovery left out
            if (offset >= segment.NextOffset)
            {
                continue;
            }

            if (SegmentReader.Read(segment, page, ref offset, out var isFull) is { } broken)
            {
                return page.IsEmpty ? Damaged(broken) : new ReadReply(LogResult.Ok, offset);
            }

            if (isFull)
            {
                break;
            }
        }
        return new ReadReply(LogResult.Ok, offset);
    }

    private static int FirstWith(Segment[] segments, long offset)
    {
        var (low, high) = (0, segments.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (segments[middle].NextOffset > offset)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }
        return low;
    }

    private ReadReply ReadSnapshot(LogView view, long from, LogPage page)
    {
        var offset = from;
        if (view.Snapshot is not { } snapshot || offset >= snapshot.Entry.Count)
        {
            return new ReadReply(LogResult.Ok, offset);
        }

        var broken = SegmentReader.Read(snapshot.File, page, ref offset, out _);
        return broken is not null && page.IsEmpty ? Damaged(broken) : new ReadReply(LogResult.Ok, offset);
    }

    private ReadReply Damaged(LogFinding broken)
    {
        reports.Report(broken);
        var cause = broken.Kind == LogFindingKind.MissingSegment
            ? "the file is missing"
            : $"{broken.Bytes} bytes are not those that were written";
        return new ReadReply(LogResult.Damaged, broken.NextOffset, new LogFault(broken.File, broken.Position,
            $"{cause}; records {broken.FirstOffset} to {broken.NextOffset - 1} are lost, all others can be read. Restore the file from a backup while the broker is stopped to have them back."));
    }
}
