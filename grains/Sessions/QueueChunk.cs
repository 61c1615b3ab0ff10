namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Up to 256 waiting messages in the order of their numbers, 24 bytes each: a number is kept as its distance from the chunk's first.
/// What is taken from the front moves nothing.
/// </summary>
internal sealed class QueueChunk(long firstNumber, int capacity)
{
    public const int Smallest = 4;
    public const int Largest = 256;

    private Slot[] _slots = new Slot[capacity];
    private int _from;
    private int _to;

    public int Count => _to - _from;

    public int Capacity => _slots.Length;

    public long First => NumberAt(0);

    public long Last => NumberAt(Count - 1);

    public bool CanAdd(long number) => _to < _slots.Length && number - firstNumber <= uint.MaxValue;

    public void Add(in QueueItem item) => _slots[_to++] = new Slot(
        item.Message, item.SubscriptionIdentifiers.Length == 0 ? null : item.SubscriptionIdentifiers, (uint)(item.Number - firstNumber),
        item.Qos, item.Retain);

    public QueueItem this[int index]
    {
        get
        {
            ref readonly var slot = ref _slots[_from + index];
            return new QueueItem(firstNumber + slot.Distance, slot.Message, slot.Qos, slot.Retain, slot.Identifiers ?? []);
        }
    }

    public long NumberAt(int index) => firstNumber + _slots[_from + index].Distance;

    /// <summary>The place of the first number that is not below the given one; the count when all are.</summary>
    public int Find(long number)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (NumberAt(middle) < number)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    public void Remove(int index, int count)
    {
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

    /// <summary>Takes all of the next chunk behind its own, if that leaves it small enough; so that holes do not stay.</summary>
    public bool TryTake(QueueChunk next)
    {
        if (Count + next.Count > Largest / 2 || next.Last - firstNumber > uint.MaxValue)
            return false;
        var slots = new Slot[Largest];
        Array.Copy(_slots, _from, slots, 0, Count);
        (_slots, _to, _from) = (slots, Count, 0);
        for (var index = 0; index < next.Count; index++)
            Add(next[index]);
        return true;
    }

    private readonly record struct Slot(StoredMessage Message, uint[]? Identifiers, uint Distance, byte Qos, bool Retain);
}
