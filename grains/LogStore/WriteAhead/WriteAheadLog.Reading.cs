using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

internal sealed partial class WriteAheadLog
{
    public ValueTask<ReadReply> ReadAsync(LogRead request, LogPage page) => RunRead(request, page, Read);

    public ValueTask<ReadReply> ReadSnapshotAsync(LogRead request, LogPage page) => RunRead(request, page, ReadSnapshot);

    private ValueTask<ReadReply> RunRead(LogRead request, LogPage page, Func<LogView, LogRead, LogPage, ReadReply> body)
    {
        var read = new LogChange<ReadReply>(() => Read(request, page, body));
        _context.Readers.Queue(read.RunAlone);
        return new ValueTask<ReadReply>(read.Task);
    }

    private ReadReply Read(LogRead request, LogPage page, Func<LogView, LogRead, LogPage, ReadReply> body)
    {
        while (true)
        {
            page.Begin(request);
            var view = View;
            try
            {
                var reply = body(view, request, page);
                if (reply.Result != LogResult.Damaged || View == view)
                {
                    return reply;
                }
            }
            catch (ObjectDisposedException) when (View != view)
            {
                // what was read is gone, trimmed or replaced: look again
            }
            catch (IOException e)
            {
                return new ReadReply(LogResult.Failed, request.From, new LogFault(Disk.FullName(_name), 0, e.Message));
            }
        }
    }

    private ReadReply Read(LogView view, LogRead request, LogPage page)
    {
        var offset = request.From;
        if (offset < view.FirstOffset)
        {
            return new ReadReply(LogResult.Trimmed, view.FirstOffset);
        }

        for (var at = FirstWith(view.Segments, offset); at < view.Segments.Length; at++)
        {
            var segment = view.Segments[at];
            offset = Math.Max(offset, segment.BaseOffset); // numbers that a recovery left out
            if (offset >= segment.NextOffset)
            {
                continue;
            }

            if (segment.Read(page, request.Topics, ref offset, out var isFull) is { } broken)
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

    private ReadReply ReadSnapshot(LogView view, LogRead request, LogPage page)
    {
        var offset = request.From;
        if (view.Snapshot is not { } snapshot || offset >= snapshot.Entry.Count)
        {
            return new ReadReply(LogResult.Ok, offset);
        }

        var broken = snapshot.File.Read(page, null, ref offset, out _);
        return broken is not null && page.IsEmpty ? Damaged(broken) : new ReadReply(LogResult.Ok, offset);
    }

    private ReadReply Damaged(LogFinding broken)
    {
        Report(broken);
        var cause = broken.Kind == LogFindingKind.MissingSegment
            ? "the file is missing"
            : $"{broken.Bytes} bytes are not those that were written";
        return new ReadReply(LogResult.Damaged, broken.NextOffset, new LogFault(broken.File, broken.Position,
            $"{cause}; records {broken.FirstOffset} to {broken.NextOffset - 1} are lost, all others can be read. Restore the file from a backup while the broker is stopped to have them back."));
    }
}
