namespace GrainMQ.Grains.Retained;

/// <summary>
/// The nodes below one node, ordered by level (ordinal), in chunks of at most 128. Two binary searches find a node, and a walk in order can
/// begin at any level, which a dictionary cannot do. A chunk doubles as it fills, from one place, because most sets of a large tree hold one
/// node; its free places are behind the others and null, which counts as above every level.
/// </summary>
internal sealed class LevelSet
{
    private const int LargestChunk = 128;

    private TopicNode?[][] _chunks = [[null]];
    private int _count = 1;

    public bool IsEmpty => _chunks[0][0] is null;

    public TopicNode? Find(ReadOnlySpan<char> level) =>
        At(Seek(level)) is { } node && level.SequenceEqual(node.Level) ? node : null;

    public TopicNode GetOrAdd(ReadOnlySpan<char> level, LevelNames names)
    {
        var at = Seek(level);
        if (At(at) is { } found && level.SequenceEqual(found.Level))
        {
            return found;
        }

        var node = new TopicNode(names.Of(level));
        Insert(at, node);
        return node;
    }

    public void Remove(string level)
    {
        var at = Seek(level);
        if (At(at)?.Level != level)
        {
            return;
        }

        var chunk = _chunks[at.Chunk];
        Array.Copy(chunk, at.Index + 1, chunk, at.Index, chunk.Length - at.Index - 1);
        chunk[^1] = null;
        if (chunk[0] is null && _count > 1)
        {
            RemoveChunk(at.Chunk);
        }
        else if (chunk.Length > 1 && chunk[chunk.Length / 4] is null)
        {
            Array.Resize(ref _chunks[at.Chunk], chunk.Length / 2);
        }
    }

    /// <summary>Returns the place of the first node whose level is not below the given one.</summary>
    public Position Seek(ReadOnlySpan<char> level)
    {
        // the last chunk that begins at or before the level; then the place may be just behind that chunk
        var (low, high) = (0, _count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (level.SequenceCompareTo(_chunks[middle][0]!.Level) >= 0) // of several chunks none is empty
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        var index = SeekIn(_chunks[low], level);
        return Here(new Position(low, index));
    }

    /// <summary>Returns the node at a place; null at the end.</summary>
    public TopicNode? At(Position at) => at.Index < _chunks[at.Chunk].Length ? _chunks[at.Chunk][at.Index] : null;

    public Position Next(Position at) => Here(at with { Index = at.Index + 1 });

    /// <summary>Returns the place, or, behind the last node of a chunk, that of the first node of the next chunk.</summary>
    private Position Here(Position at) => At(at) is null && at.Chunk + 1 < _count ? new Position(at.Chunk + 1, 0) : at;

    private static int SeekIn(TopicNode?[] chunk, ReadOnlySpan<char> level)
    {
        var (low, high) = (0, chunk.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (chunk[middle] is { } node && level.SequenceCompareTo(node.Level) > 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    private void Insert(Position at, TopicNode node)
    {
        var chunk = _chunks[at.Chunk];
        // devices are often added in order: a full last chunk stays as it is and a new one begins
        if (at.Index == LargestChunk)
        {
            InsertChunk(_count, [node]);
        }
        else if (chunk[^1] is null)
        {
            InsertIn(chunk, at.Index, node);
        }
        else if (chunk.Length < LargestChunk)
        {
            Array.Resize(ref _chunks[at.Chunk], 2 * chunk.Length);
            InsertIn(_chunks[at.Chunk], at.Index, node);
        }
        else
        {
            Split(at, node);
        }
    }

    private void Split(Position at, TopicNode node)
    {
        const int Half = LargestChunk / 2;
        var (lower, upper) = (_chunks[at.Chunk], new TopicNode?[LargestChunk]);
        Array.Copy(lower, Half, upper, 0, Half);
        Array.Clear(lower, Half, Half);
        InsertChunk(at.Chunk + 1, upper);
        if (at.Index <= Half)
        {
            InsertIn(lower, at.Index, node);
        }
        else
        {
            InsertIn(upper, at.Index - Half, node);
        }
    }

    private void InsertChunk(int at, TopicNode?[] chunk)
    {
        if (_count == _chunks.Length)
        {
            Array.Resize(ref _chunks, 2 * _count);
        }

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

    private static void InsertIn(TopicNode?[] chunk, int index, TopicNode node)
    {
        Array.Copy(chunk, index, chunk, index + 1, chunk.Length - index - 1);
        chunk[index] = node;
    }

    internal readonly record struct Position(int Chunk, int Index);
}
