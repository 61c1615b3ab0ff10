namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>Reads the records of a segment, and says what of it is broken.</summary>
internal static class SegmentReader
{
    /// <summary>Reads on from the offset, which moves to where the next call goes on.</summary>
    /// <returns>Null; or what is broken at the offset. Then the page may hold what stands before.</returns>
    public static LogFinding? Read(Segment segment, LogPage page, ref long offset, out bool isFull)
    {
        var extent = segment.Extent;
        try
        {
            var stopped = page.Stopped;
            var position = stopped.Segment == segment && stopped.Offset == offset ? stopped.Position : segment.PositionOf(offset);
            var broken = Read(segment, extent, page, ref position, ref offset, out isFull);
            page.Stopped = new ReadPosition(segment, offset, position);
            return broken;
        }
        catch (FileNotFoundException)
        {
            isFull = false;
            return new LogFinding(LogFindingKind.MissingSegment, segment.FullName, 0, extent.DataEnd, offset, extent.NextOffset);
        }
    }

    private static LogFinding? Read(Segment segment, SegmentExtent extent, LogPage page, ref long position, ref long offset, out bool isFull)
    {
        while (true)
        {
            var step = BlockReader.Fill(page, segment.File, segment.Entry.Salt, ref position, extent.DataEnd, ref offset);
            isFull = step == ReadStep.PageFull;
            if (isFull || offset >= extent.NextOffset)
            {
                return null;
            }

            // Broken, or the end without the last record: go on at the next block, if that loses nothing that was asked for.
            var expected = offset;
            var isFound = BlockReader.TryFind(
                segment.File, segment.Entry.Salt, position, extent.DataEnd, block => block.NextOffset > expected, out var next);
            if (!isFound || next.Header.FirstOffset > expected)
            {
                var (to, nextOffset) = isFound ? (next.Position, next.Header.FirstOffset) : (extent.DataEnd, extent.NextOffset);
                return new LogFinding(LogFindingKind.Damage, segment.FullName, position, to - position, expected, nextOffset);
            }

            position = next.Position;
        }
    }
}

/// <summary>Where a page's last read ended: the block that holds the offset begins at the position.</summary>
internal readonly record struct ReadPosition(Segment? Segment, long Offset, long Position);
