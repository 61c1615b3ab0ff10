namespace GrainMQ.Grains.Retained;

/// <summary>
/// The nodes below one node, ordered by level (ordinal), in chunks of at most 128: found by two binary searches and walked in order from
/// any level, which a dictionary cannot. Chunks have no free places, because most sets of a large tree hold one node.
/// </summary>
internal sealed class LevelSet
{
    private const int LargestChunk = 128;

    private TopicNode[][] _chunks = [[]];
    private int _count = 1;

    public bool IsEmpty => _chunks[0].Length == 0;

    public TopicNode? Find(ReadOnlySpan<char> level) =>
        At(Seek(level)) is { } node && level.SequenceEqual(node.Level) ? node : null;

    public TopicNode GetOrAdd(ReadOnlySpan<char> level)
    {
        var at = Seek(level);
        if (At(at) is { } found && level.SequenceEqual(found.Level))
            return found;
        var node = new TopicNode(level.ToString());
        Insert(at, node);
        return node;
    }

    public void Remove(string level)
    {
        var at = Seek(level);
        if (At(at)?.Level != level)
            return;
        var chunk = _chunks[at.Chunk];
        if (chunk.Length == 1 && _count > 1)
            RemoveChunk(at.Chunk);
        else
            _chunks[at.Chunk] = [.. chunk[..at.Index], .. chunk[(at.Index + 1)..]];
    }

    /// <summary>The place of the first node whose level is not below the given one.</summary>
    public Position Seek(ReadOnlySpan<char> level)
    {
        // the last chunk that begins at or before the level; then the place may be just behind that chunk
        var (low, high) = (0, _count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (level.SequenceCompareTo(_chunks[middle][0].Level) >= 0)
                low = middle;
            else
                high = middle - 1;
        }
        var index = SeekIn(_chunks[low], level);
        return index == _chunks[low].Length && low + 1 < _count ? new Position(low + 1, 0) : new Position(low, index);
    }

    /// <summary>The node at a place; null at the end.</summary>
    public TopicNode? At(Position at) => at.Index < _chunks[at.Chunk].Length ? _chunks[at.Chunk][at.Index] : null;

    public Position Next(Position at) => at.Index + 1 == _chunks[at.Chunk].Length && at.Chunk + 1 < _count
        ? new Position(at.Chunk + 1, 0)
        : at with { Index = at.Index + 1 };

    private static int SeekIn(TopicNode[] chunk, ReadOnlySpan<char> level)
    {
        var (low, high) = (0, chunk.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (level.SequenceCompareTo(chunk[middle].Level) > 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private void Insert(Position at, TopicNode node)
    {
        // devices are often added in order: a full last chunk stays as it is and a new one begins
        if (at.Index == LargestChunk)
            InsertChunk(_count, [node]);
        else if (_chunks[at.Chunk].Length < LargestChunk)
            _chunks[at.Chunk] = Inserted(_chunks[at.Chunk], at.Index, node);
        else
            Split(at, node);
    }

    private void Split(Position at, TopicNode node)
    {
        var whole = Inserted(_chunks[at.Chunk], at.Index, node);
        _chunks[at.Chunk] = whole[..(whole.Length / 2)];
        InsertChunk(at.Chunk + 1, whole[(whole.Length / 2)..]);
    }

    private void InsertChunk(int at, TopicNode[] chunk)
    {
        if (_count == _chunks.Length)
            Array.Resize(ref _chunks, 2 * _count);
        Array.Copy(_chunks, at, _chunks, at + 1, _count - at);
        _chunks[at] = chunk;
        _count++;
    }

    private void RemoveChunk(int at)
    {
        _count--;
        Array.Copy(_chunks, at + 1, _chunks, at, _count - at);
        _chunks[_count] = [];
    }

    private static TopicNode[] Inserted(TopicNode[] chunk, int index, TopicNode node)
    {
        var longer = new TopicNode[chunk.Length + 1];
        chunk.AsSpan(0, index).CopyTo(longer);
        longer[index] = node;
        chunk.AsSpan(index).CopyTo(longer.AsSpan(index + 1));
        return longer;
    }

    internal readonly record struct Position(int Chunk, int Index);
}
