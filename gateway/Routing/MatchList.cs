namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The values that a topic matched, and the working memory of the match: kept by the caller and used again, so that matching allocates
/// nothing once warm. Pass it by reference. For one thread at a time.
/// </summary>
public struct MatchList<T> where T : class
{
    internal Frontier Frontier;
    private T[]? _items;

    public int Count { get; private set; }

    public readonly ReadOnlySpan<T> AsSpan() => _items.AsSpan(0, Count);

    /// <summary>Forgets the values, so that the list does not keep them alive, and keeps the memory.</summary>
    public void Clear() => Truncate(0);

    internal void Add(T value)
    {
        _items ??= new T[8];
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        _items[Count++] = value;
    }

    internal void Truncate(int count)
    {
        _items.AsSpan(count, Count - count).Clear();
        Count = count;
    }
}
