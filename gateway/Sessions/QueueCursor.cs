namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Where a session stands in its queue in the store, which numbers the messages: each is taken once, in order, as the next one with the
/// answer to the batch that stored it, or from a page. Decides when a page is to be read. Not safe for several threads; a field of its
/// session, never copied. docs/decisions/0007.
/// </summary>
internal struct QueueCursor
{
    private long _taken;  // the newest number that was taken
    private long _newest; // the newest number that the store is known to have given
    private long _asked;  // what was the newest when the page that is on its way was asked for
    private bool _mustRead;
    private bool _isAskedFor; // what must be read, by the page that is on its way
    private bool _isReading;

    /// <summary>The store has, or may have, what was not taken.</summary>
    public readonly bool IsBehind => _mustRead || _newest > _taken;

    /// <summary>Messages that are known to wait in the store.</summary>
    public readonly long Ahead => _newest - _taken;

    /// <summary>CONNECT: what the store gave with its answer ends with number <paramref name="last"/>.</summary>
    public void Restore(long last, bool hasMore) => (_taken, _newest, _mustRead) = (last, Math.Max(_newest, last), hasMore);

    /// <summary>
    /// The store has given a number. False when that is known already: an answer that came late, and a page brings the message, or has.
    /// <paramref name="isNext"/>: the message may be taken now.
    /// </summary>
    public bool TryAnnounce(long sequence, out bool isNext)
    {
        isNext = sequence == _taken + 1;
        if (sequence <= _newest)
        {
            return false;
        }

        _newest = sequence;
        return true;
    }

    /// <summary>Takes a number that is new and the next one, in one step; false when it is not.</summary>
    public bool TryTakeNext(long sequence)
    {
        var isNext = sequence == _taken + 1 && sequence > _newest;
        if (isNext)
        {
            (_taken, _newest) = (sequence, sequence);
        }

        return isNext;
    }

    /// <summary>The message was taken from an answer or a page; false when it had been before.</summary>
    public bool TryTake(long sequence)
    {
        if (sequence <= _taken)
        {
            return false;
        }

        _taken = sequence;
        return true;
    }

    /// <summary>The store has something under a number that is not known here.</summary>
    public void MustRead() => (_mustRead, _isAskedFor) = (true, false);

    /// <summary>True when a reader is to be started: there is something to read, room for it, and no reader yet.</summary>
    public bool TryStartReading(bool hasRoom)
    {
        var starts = !_isReading && IsBehind && hasRoom;
        _isReading |= starts;
        return starts;
    }

    /// <summary>
    /// The reader asks for its next page, that <paramref name="after"/> a number; false when it stops. What an earlier page did not bring,
    /// since it was not answered or met a takeover, is asked for again.
    /// </summary>
    public bool TryReadPage(bool hasRoom, out long after)
    {
        _isReading = IsBehind && hasRoom;
        (_isAskedFor, _asked) = (_isReading, _newest);
        after = _taken;
        return _isReading;
    }

    /// <summary>The messages of a page were taken; it ended with number <paramref name="last"/>.</summary>
    public void EndPage(long last, bool hasMore)
    {
        _taken = Math.Max(_taken, last);
        _mustRead = hasMore || (_mustRead && !_isAskedFor);
        if (!hasMore && _newest == _asked) // else more was announced while the page was on its way
        {
            _newest = _taken;
        }
    }
}
