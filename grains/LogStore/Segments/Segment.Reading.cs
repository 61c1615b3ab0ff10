namespace GrainMQ.Grains.LogStore.Segments;

internal sealed partial class Segment
{
    /// <summary>Reads on from the offset, which moves to where the next call goes on.</summary>
    /// <returns>Null; or what is broken at the offset. Then the page may hold what stands before.</returns>
    public LogFinding? Read(LogPage page, ulong[]? topics, ref long offset, out bool isFull)
    {
        isFull = false;
        var extent = Extent;
        try
        {
            if (topics is null)
            {
                return ReadAll(page, extent, ref offset, out isFull);
            }

            if (page.Found?.Segment != this || page.Found.Extent != extent || !page.Found.Topics.AsSpan().SequenceEqual(topics))
            {
                page.Found = new ChunksOfTopics(this, extent, topics, FindChunks(topics));
            }

            return page.Found.Chunks is { } chunks
                ? ReadChunks(page, extent, chunks, ref offset, out isFull)
                : ReadAll(page, extent, ref offset, out isFull);
        }
        catch (FileNotFoundException)
        {
            return new LogFinding(LogFindingKind.MissingSegment, disk.FullName(path), 0, extent.DataEnd, offset, extent.NextOffset);
        }
    }

    private LogFinding? ReadAll(LogPage page, SegmentExtent extent, ref long offset, out bool isFull)
    {
        var stopped = page.Stopped;
        var position = stopped.Segment == this && stopped.Offset == offset ? stopped.Position : PositionOf(offset);
        var broken = ReadRange(page, ref position, extent.DataEnd, extent.NextOffset, ref offset, out isFull);
        page.Stopped = new ReadPosition(this, offset, position);
        return broken;
    }

    private LogFinding? ReadChunks(LogPage page, SegmentExtent extent, int[] chunks, ref long offset, out bool isFull)
    {
        var index = Index();
        isFull = false;
        var next = Array.BinarySearch(chunks, index.Chunks == 0 ? 0 : index.Find(offset));
        foreach (var chunk in chunks.AsSpan(next < 0 ? ~next : next))
        {
            var (first, position) = index.StartOf(chunk);
            if (position >= extent.DataEnd)
            {
                break;
            }

            var (nextOffset, end) = chunk + 1 < index.Chunks ? index.StartOf(chunk + 1) : (extent.NextOffset, extent.DataEnd);
            offset = Math.Max(offset, first);
            if (offset >= Math.Min(nextOffset, extent.NextOffset))
            {
                continue;
            }

            var broken = ReadRange(page, ref position, Math.Min(end, extent.DataEnd), Math.Min(nextOffset, extent.NextOffset), ref offset, out isFull);
            if (broken is not null || isFull)
            {
                return broken;
            }
        }
        offset = extent.NextOffset;
        return null;
    }

    private LogFinding? ReadRange(LogPage page, ref long position, long end, long endOffset, ref long offset, out bool isFull)
    {
        while (true)
        {
            var step = BlockReader.Fill(page, File, entry.Salt, ref position, end, ref offset);
            isFull = step == ReadStep.PageFull;
            if (isFull || offset >= endOffset)
            {
                return null;
            }
            // Broken, or the end without the last record: go on at the next block, if that loses nothing that was asked for.
            var from = position;
            var expected = offset;
            var isFound = BlockReader.TryFind(File, entry.Salt, from, end, block => block.NextOffset > expected, out var next);
            if (!isFound || next.Header.FirstOffset > expected)
            {
                return Damage(from, isFound ? next.Position : end, expected, isFound ? next.Header.FirstOffset : endOffset);
            }

            position = next.Position;
        }
    }

    private LogFinding Damage(long from, long to, long offset, long nextOffset) =>
        new(LogFindingKind.Damage, disk.FullName(path), from, to - from, offset, nextOffset);

    private long PositionOf(long offset)
    {
        if (offset <= entry.BaseOffset)
        {
            return SegmentHeader.Size; // needs no index: a snapshot has none
        }

        var index = Index();
        return index.Chunks == 0 ? SegmentHeader.Size : index.StartOf(index.Find(offset)).Position;
    }

    /// <returns>In order; null: the index is broken, so every chunk may have them.</returns>
    private int[]? FindChunks(ulong[] topics)
    {
        var index = Index();
        var chunks = new HashSet<int>();
        foreach (var topic in topics)
        {
            if (!index.TryAddChunks(topic, chunks))
            {
                return null;
            }
        }

        return [.. chunks.Order()];
    }
}
