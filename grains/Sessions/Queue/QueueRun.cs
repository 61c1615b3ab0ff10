using System.Collections;

namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>
/// What a <see cref="QueueChunk"/> had at a moment. It costs no copy, and stays as it is while the chunk goes on, so that a snapshot of a queue
/// of a million takes no longer than one of four thousand.
/// </summary>
internal readonly struct QueueRun(QueueSlot[] slots, int from, int to, long firstNumber) : IReadOnlyList<QueueItem>
{
    public int Count => to - from;

    public QueueItem this[int index] => slots[from + index].ItemFrom(firstNumber);

    /// <summary>Returns a chunk that begins with these messages.</summary>
    public QueueChunk ToChunk() => new(firstNumber, slots, from, to);

    /// <summary>Puts other messages in the place of its own. Only while no chunk shares the places.</summary>
    public void Replace(Func<MessageRef, MessageRef> replace)
    {
        foreach (ref var slot in slots.AsSpan(from, Count))
        {
            slot = slot.With(replace(slot.ItemFrom(0).Message));
        }
    }

    public IEnumerator<QueueItem> GetEnumerator()
    {
        for (var index = 0; index < Count; index++)
        {
            yield return this[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
