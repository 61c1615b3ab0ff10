namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>
/// Where in a segment an offset and a topic are. It knows chunks, runs of blocks of about 64 KB, and no single records: less than a
/// block cannot be checked, so less need not be found.
/// </summary>
internal interface ISegmentIndex
{
    int Chunks { get; }

    /// <summary>The chunk that holds the offset.</summary>
    int Find(long offset);

    (long Offset, long Position) StartOf(int chunk);

    /// <summary>Adds the chunks that have a record of the topic.</summary>
    /// <returns>False: the index is broken there, so look at every chunk.</returns>
    bool TryAddChunks(ulong topic, ISet<int> chunks);
}
