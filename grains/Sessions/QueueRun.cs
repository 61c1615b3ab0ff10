using System.Collections;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// What a <see cref="QueueChunk"/> had at a moment: it costs no copy, and stays as it is while the chunk goes on. A snapshot of a queue of a
/// million takes no longer than one of four thousand.
/// </summary>
internal readonly struct QueueRun(QueueSlot[] slots, int from, int to, long firstNumber) : IReadOnlyList<QueueItem>
{
    public int Count => to - from;

    public QueueItem this[int index] => slots[from + index].ItemFrom(firstNumber);

    /// <summary>A chunk that begins with these.</summary>
    public QueueChunk ToChunk() => new(firstNumber, slots, from, to);

    /// <summary>Puts other messages in the place of its own: only while nobody else knows the run.</summary>
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

/// <summary>Makes runs of messages that come in the order of their numbers.</summary>
/// <param name="expected">How many come at most.</param>
internal sealed class QueueRunBuilder(int expected)
{
    private readonly List<QueueRun> _runs = [];
    private QueueChunk? _chunk;
    private int _left = expected;

    public void Add(in QueueItem item)
    {
        if (_chunk is null || !_chunk.CanAdd(item.Number))
        {
            Close();
            _chunk = new QueueChunk(item.Number, Math.Clamp(_left, 1, QueueChunk.Largest));
        }
        _chunk.Add(item);
        _left--;
    }

    public QueueRun[] End()
    {
        Close();
        return [.. _runs];
    }

    private void Close()
    {
        if (_chunk is not null)
        {
            _runs.Add(_chunk.Show());
        }

        _chunk = null;
    }
}
