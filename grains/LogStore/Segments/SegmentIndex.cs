namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// The index of a segment that is written to, or whose footer is missing. Topics are a hash table of the first posting, postings linked
/// backwards: 8 bytes for a topic's appearance in a chunk and about 20 for a topic, because a segment can have a million of them.
/// </summary>
internal sealed class SegmentIndex : ISegmentIndex
{
    private const int ChunkBytes = 64 << 10;
    private const int None = -1;

    private readonly Lock _lock = new();
    private readonly List<(long Offset, long Position)> _chunks = [];
    private readonly List<(int Chunk, int Previous)> _postings = [];
    private ulong[] _topics = new ulong[16];
    private int[] _last = NewTable(16);
    private int _topicCount;

    public int Chunks
    {
        get
        {
            lock (_lock)
            {
                return _chunks.Count;
            }
        }
    }

    public int TopicCount => _topicCount;

    /// <summary>Adds a block that is stored for good.</summary>
    public void Add(BlockHeader header, long position, ReadOnlySpan<byte> block)
    {
        lock (_lock)
        {
            if (_chunks.Count == 0 || position - _chunks[^1].Position >= ChunkBytes)
            {
                _chunks.Add((header.FirstOffset, position));
            }

            var records = block[BlockHeader.Size..header.BlockLength];
            while (!records.IsEmpty)
            {
                var record = RecordHeader.Read(records);
                if (record.TopicLength > 0)
                {
                    Add(TopicHash.Of(record.TopicOf(records)), _chunks.Count - 1);
                }

                records = records[record.Length..];
            }
        }
    }

    public int Find(long offset)
    {
        lock (_lock)
        {
            return ChunkSearch.Find(_chunks.Count, chunk => _chunks[chunk].Offset, offset);
        }
    }

    public (long Offset, long Position) StartOf(int chunk)
    {
        lock (_lock)
        {
            return _chunks[chunk];
        }
    }

    public bool TryAddChunks(ulong topic, ISet<int> chunks)
    {
        lock (_lock)
        {
            for (var posting = _last[SlotOf(topic)]; posting != None; posting = _postings[posting].Previous)
            {
                chunks.Add(_postings[posting].Chunk);
            }
        }

        return true;
    }

    /// <summary>Topics in the order of their hashes, each with its chunks in order.</summary>
    public IEnumerable<(ulong Topic, List<int> Chunks)> Topics()
    {
        var slots = Enumerable.Range(0, _topics.Length).Where(slot => _last[slot] != None).ToArray();
        Array.Sort(Array.ConvertAll(slots, slot => _topics[slot]), slots);
        var chunks = new List<int>();
        foreach (var slot in slots)
        {
            chunks.Clear();
            for (var posting = _last[slot]; posting != None; posting = _postings[posting].Previous)
            {
                chunks.Add(_postings[posting].Chunk);
            }

            chunks.Reverse();
            yield return (_topics[slot], chunks);
        }
    }

    private void Add(ulong topic, int chunk)
    {
        var slot = SlotOf(topic);
        var previous = _last[slot];
        if (previous != None && _postings[previous].Chunk == chunk)
        {
            return;
        }

        _postings.Add((chunk, previous));
        (_topics[slot], _last[slot]) = (topic, _postings.Count - 1);
        if (previous == None && ++_topicCount * 4L > _topics.Length * 3L)
        {
            Enlarge();
        }
    }

    private int SlotOf(ulong topic)
    {
        var mask = _topics.Length - 1;
        var slot = (int)topic & mask;
        while (_last[slot] != None && _topics[slot] != topic)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Enlarge()
    {
        var (topics, last) = (_topics, _last);
        (_topics, _last) = (new ulong[topics.Length * 2], NewTable(topics.Length * 2));
        for (var old = 0; old < topics.Length; old++)
        {
            if (last[old] == None)
            {
                continue;
            }

            var slot = SlotOf(topics[old]);
            (_topics[slot], _last[slot]) = (topics[old], last[old]);
        }
    }

    private static int[] NewTable(int length)
    {
        var table = new int[length];
        Array.Fill(table, None);
        return table;
    }
}

internal static class ChunkSearch
{
    /// <summary>The last chunk that begins at the offset or before; the first one when none does.</summary>
    public static int Find(int chunks, Func<int, long> offsetOf, long offset)
    {
        var (low, high) = (0, chunks - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (offsetOf(middle) <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        return low;
    }
}
