namespace GrainMQ.Gateway.Routing;

/// <summary>
/// An immutable list in chunks, so that a change of a long one copies one chunk and not all of it. The order means nothing: the last item takes the
/// place of one that is removed, so that every chunk but the last stays full.
/// </summary>
internal sealed class ChunkedList<T> where T : class
{
    private const int ChunkSize = 256;

    public static readonly ChunkedList<T> Empty = new([]);

    private ChunkedList(T[][] chunks) => Chunks = chunks;

    /// <summary>The items; no chunk is empty.</summary>
    public T[][] Chunks { get; }

    public int Count => Chunks.Length == 0 ? 0 : ((Chunks.Length - 1) * ChunkSize) + Chunks[^1].Length;

    public T this[int place] => Chunks[place / ChunkSize][place % ChunkSize];

    public static ChunkedList<T> Of(T item) => new([[item]]);

    /// <summary>Adds an item; its place is the count before.</summary>
    public ChunkedList<T> Add(T item) => Chunks is [.., { Length: < ChunkSize } last]
        ? WithChunk(Chunks.Length - 1, [.. last, item])
        : new([.. Chunks, [item]]);

    public ChunkedList<T> Replace(int place, T item)
    {
        T[] chunk = [.. Chunks[place / ChunkSize]];
        chunk[place % ChunkSize] = item;
        return WithChunk(place / ChunkSize, chunk);
    }

    /// <summary>Removes an item. The last one stands in its place then, unless it was the last one itself.</summary>
    public ChunkedList<T> RemoveAt(int place)
    {
        var last = Chunks[^1];
        var left = place == Count - 1 ? this : Replace(place, last[^1]);
        return last.Length == 1 ? new(left.Chunks[..^1]) : left.WithChunk(Chunks.Length - 1, left.Chunks[^1][..^1]);
    }

    /// <summary>The place of an item, found by looking at all; negative: it is not there.</summary>
    public int IndexOf(T item)
    {
        for (var chunk = 0; chunk < Chunks.Length; chunk++)
        {
            if (Array.IndexOf(Chunks[chunk], item) is >= 0 and var at)
            {
                return (chunk * ChunkSize) + at;
            }
        }

        return -1;
    }

    private ChunkedList<T> WithChunk(int index, T[] chunk)
    {
        T[][] chunks = [.. Chunks];
        chunks[index] = chunk;
        return new(chunks);
    }
}
