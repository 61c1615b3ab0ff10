namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Numbers of the session's queue whose delivery is over, until a report has told the store. Not safe for several threads; a field of its
/// session, never copied.
/// </summary>
internal struct EndedDeliveries
{
    private NumberRanges _unreported;
    private long[]? _reporting; // those of the report that is under way

    public readonly bool IsEmpty => _unreported.IsEmpty;

    /// <summary>True when it is the first one for the next report.</summary>
    public bool Add(long sequence)
    {
        var isFirst = IsEmpty;
        _unreported.Add(sequence);
        return isFirst;
    }

    /// <summary>Numbers for a report, as pairs of first and last.</summary>
    public long[] BeginReport() => _reporting = _unreported.Take();

    /// <summary>
    /// The report was answered, or was not. True when the store did not note it and it is to be made again; false also when another report
    /// has said the same meanwhile.
    /// </summary>
    public bool EndReport(long[] pairs, bool isNoted)
    {
        var isSaidElsewhere = _reporting != pairs;
        _reporting = isSaidElsewhere ? _reporting : null;
        if (isNoted || isSaidElsewhere || pairs.Length == 0)
        {
            return false;
        }

        for (var i = 0; i < pairs.Length; i += 2)
        {
            _unreported.Add(pairs[i], pairs[i + 1]);
        }

        return true;
    }

    /// <summary>All numbers for the close of the session; among them those of a report that is under way, which may come too late.</summary>
    public long[] TakeAll()
    {
        long[] all = [.. _reporting ?? [], .. _unreported.Take()];
        _reporting = null;
        return all;
    }
}
