namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>Reads a segment from its beginning: finds the end of one that was written to, and makes an index.</summary>
internal sealed class SegmentScan(IDiskFile file, uint salt, long baseOffset)
{
    private const int PageBytes = 1 << 20;

    public SegmentIndex Index { get; } = new();

    public long DataEnd { get; private set; } = SegmentHeader.Size;

    public long NextOffset { get; private set; } = baseOffset;

    /// <summary>Where the blocks of the last fsync begin: those before it were on the disk when these were written.</summary>
    public long LastGroup { get; private set; } = SegmentHeader.Size;

    /// <summary>The highest clock value of a record.</summary>
    public ulong Hlc { get; private set; }

    /// <summary>Places in the middle that are broken: position, bytes, first offset, next offset.</summary>
    public List<(long Position, long Bytes, long FirstOffset, long NextOffset)> Holes { get; } = [];

    /// <param name="end">End of the file, or of its data.</param>
    /// <param name="isSealed">
    /// True: every block up to the end was acknowledged. False: the last ones may be what a crash left of an append, and are cut from the
    /// first that is broken on, unless a later block says that it was on the disk before.
    /// </param>
    public void Run(long end, bool isSealed)
    {
        var page = new LogPage(PageBytes);
        var (position, offset) = (DataEnd, NextOffset);
        while (true)
        {
            page.Begin(offset);
            var step = BlockReader.Fill(page, file, salt, ref position, end, ref offset);
            Add(page);
            if (step == ReadStep.PageFull)
            {
                continue;
            }

            if (step == ReadStep.End || !TryStepOver(isSealed, end, ref position, ref offset))
            {
                return;
            }
        }
    }

    private bool TryStepOver(bool isSealed, long end, ref long position, ref long offset)
    {
        var expected = offset;
        if (!BlockReader.TryFind(
            file, salt, position, end, block => block.FirstOffset > expected && (isSealed || block.DurableOffset > expected), out var next))
        {
            return false;
        }

        Holes.Add((position, next.Position - position, expected, next.Header.FirstOffset));
        (position, offset) = (next.Position, next.Header.FirstOffset);
        return true;
    }

    private void Add(LogPage page)
    {
        foreach (var (header, _, position) in page.Blocks)
        {
            Index.Add(header, position);
            if (header.DurableOffset == header.FirstOffset)
            {
                LastGroup = position;
            }

            (DataEnd, NextOffset) = (position + header.BlockLength, header.NextOffset);
        }
        foreach (var record in page)
        {
            Hlc = Math.Max(Hlc, record.Hlc);
        }
    }
}
