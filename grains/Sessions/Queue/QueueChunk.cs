namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>
/// Up to 256 waiting messages in the order of their numbers, 24 bytes each, and an object for those that are new, shared or expire.
/// Taking from the front moves nothing, and places that a <see cref="QueueRun"/> shows are copied before they change.
/// </summary>
internal sealed class QueueChunk(long firstNumber, int capacity)
{
    // places of the first chunk of a queue, which then double
    public const int Smallest = 4;
    public const int Largest = 256;

    private QueueSlot[] _slots = new QueueSlot[capacity];
    private bool _isShown;
    private int _from;
    private int _to;
    private int _limit = capacity;

    /// <summary>Makes a chunk of what another one has shown; the places behind that are the other one's.</summary>
    public QueueChunk(long firstNumber, QueueSlot[] shown, int from, int to)
        : this(firstNumber, 0) => (_slots, _from, _to, _limit, _isShown) = (shown, from, to, to, true);

    public int Count => _to - _from;

    public int Capacity => _slots.Length;

    public long First => NumberAt(0);

    public long Last => NumberAt(Count - 1);

    public bool CanAdd(long number) => _to < _limit && number - firstNumber <= uint.MaxValue;

    /// <summary>Returns what the chunk has now; later changes of the chunk do not change the run.</summary>
    public QueueRun Show()
    {
        _isShown = true;
        return new QueueRun(_slots, _from, _to, firstNumber);
    }

    public void Add(in QueueItem item) => _slots[_to++] = new QueueSlot(item, firstNumber);

    public QueueItem this[int index] => _slots[_from + index].ItemFrom(firstNumber);

    public long NumberAt(int index) => _slots[_from + index].NumberFrom(firstNumber);

    /// <summary>Returns the place of the first number that is not below the given one; the count if all are.</summary>
    public int Find(long number)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (NumberAt(middle) < number)
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

    /// <summary>Returns the message at a place as an object, because it will move.</summary>
    public StoredMessage Hold(int index)
    {
        var item = this[index];
        if (item.Message.Object is { } known)
        {
            return known;
        }

        var message = item.Message.ToObject();
        Own();
        _slots[_from + index] = new QueueSlot(item with { Message = message }, firstNumber);
        return message;
    }

    /// <summary>Lets go of the objects whose place is enough: the chunk is full, so the write-ahead log has most of its messages.</summary>
    public void Settle()
    {
        if (_isShown)
        {
            return; // it is being read
        }

        foreach (ref var slot in _slots.AsSpan(_from, Count))
        {
            slot = slot.Settled();
        }
    }

    public void Remove(int index, int count)
    {
        Own();
        if (index == 0)
        {
            Array.Clear(_slots, _from, count); // what they refer to is free
            _from += count;
            return;
        }
        var (at, behind) = (_from + index, Count - index - count);
        Array.Copy(_slots, at + count, _slots, at, behind);
        Array.Clear(_slots, at + behind, count);
        _to -= count;
    }

    /// <summary>Appends the next chunk, if that leaves this one small enough, so that nearly empty chunks do not stay. Returns whether it did.</summary>
    public bool TryMerge(QueueChunk next)
    {
        if (Count + next.Count > Largest / 2 || next.Last - firstNumber > uint.MaxValue)
        {
            return false;
        }

        var slots = new QueueSlot[Largest];
        Array.Copy(_slots, _from, slots, 0, Count);
        (_slots, _to, _from, _limit, _isShown) = (slots, Count, 0, Largest, false);
        for (var index = 0; index < next.Count; index++)
        {
            Add(next[index]);
        }

        return true;
    }

    private void Own()
    {
        if (_isShown)
        {
            (_slots, _limit, _isShown) = ((QueueSlot[])_slots.Clone(), _slots.Length, false);
        }
    }
}
