namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// Says where in a segment an offset is to be looked for. It knows the starts of chunks, which are runs of blocks of at least 64 KB: a
/// reader checks whole blocks, so nothing smaller than a block need be found.
/// </summary>
internal sealed class SegmentIndex
{
    private const int ChunkBytes = 64 << 10;

    // The lane adds while readers search.
    private readonly Lock _lock = new();
    private readonly List<SegmentChunk> _chunks;

    public SegmentIndex() => _chunks = [];

    public SegmentIndex(IEnumerable<SegmentChunk> chunks) => _chunks = [.. chunks];

    /// <summary>Adds a block that is stored for good.</summary>
    public void Add(BlockHeader header, long position)
    {
        lock (_lock)
        {
            if (_chunks.Count == 0 || position - _chunks[^1].Position >= ChunkBytes)
            {
                _chunks.Add(new SegmentChunk(header.FirstOffset, position));
            }
        }
    }

    /// <summary>Returns the position from which a reader finds the offset: that of the last chunk that begins at it or before.</summary>
    public long PositionOf(long offset)
    {
        lock (_lock)
        {
            if (_chunks.Count == 0)
            {
                return SegmentHeader.Size;
            }

            var (low, high) = (0, _chunks.Count - 1);
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                if (_chunks[middle].Offset <= offset)
                {
                    low = middle;
                }
                else
                {
                    high = middle - 1;
                }
            }
            return _chunks[low].Position;
        }
    }

    /// <summary>Returns the chunks in order, as a footer has them.</summary>
    public SegmentChunk[] ToArray()
    {
        lock (_lock)
        {
            return [.. _chunks];
        }
    }
}

/// <param name="Offset">Offset of its first record.</param>
/// <param name="Position">Position of its first block in the file.</param>
internal readonly record struct SegmentChunk(long Offset, long Position);
