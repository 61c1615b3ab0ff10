namespace GrainMQ.Gateway.Routing;

/// <summary>The nodes reached at one level and those reached at the next: the reusable working memory of one match.</summary>
internal struct Frontier
{
    private const int FirstCapacity = 16;

    private (uint Node, uint State)[]? _current;
    private (uint Node, uint State)[]? _next;
    private int _currentCount;
    private int _nextCount;

    public readonly bool IsEmpty => _currentCount == 0;

    public readonly ReadOnlySpan<(uint Node, uint State)> Current => _current.AsSpan(0, _currentCount);

    public void Start(uint node, uint state)
    {
        _current ??= new (uint, uint)[FirstCapacity];
        _next ??= new (uint, uint)[FirstCapacity];
        _current[0] = (node, state);
        _currentCount = 1;
        _nextCount = 0;
    }

    public void Add(uint node, uint state)
    {
        if (_nextCount == _next!.Length)
        {
            Array.Resize(ref _next, _nextCount * 2); // Start allocated it
        }

        _next[_nextCount++] = (node, state);
    }

    public void Advance()
    {
        (_current, _next) = (_next, _current);
        (_currentCount, _nextCount) = (_nextCount, 0);
    }
}
