namespace GrainMQ.Gateway.Sessions;

/// <summary>Numbers, mostly added in order, as pairs of first and last. Not safe for several threads.</summary>
internal struct NumberRanges
{
    private List<(long First, long Last)>? _ranges;

    public readonly bool IsEmpty => _ranges is not { Count: > 0 };

    public void Add(long number) => Add(number, number);

    public void Add(long first, long last)
    {
        _ranges ??= [];
        if (_ranges.Count > 0 && _ranges[^1].Last + 1 == first)
        {
            _ranges[^1] = (_ranges[^1].First, last);
        }
        else
        {
            _ranges.Add((first, last));
        }
    }

    /// <summary>All of them, joined where they touch: first, last, first, last, … Leaves none behind.</summary>
    public long[] Take()
    {
        if (_ranges is not { Count: > 0 } ranges)
        {
            return [];
        }

        _ranges = null;
        ranges.Sort();
        var joined = new NumberRanges();
        foreach (var (first, last) in ranges)
        {
            joined.Add(first, last);
        }

        return [.. joined._ranges!.SelectMany(static range => new[] { range.First, range.Last })]; // at least one was added
    }
}
