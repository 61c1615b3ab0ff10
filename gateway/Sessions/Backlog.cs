using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Deliveries that wait for room on the connection or in the in-flight window, oldest first. The owner checks the bounds; the
/// backlog counts, and can make room by dropping its oldest QoS 0 delivery.
/// </summary>
internal sealed class Backlog
{
    /// <summary>Past this depth a session is slow: its messages are copied out of their blocks, or each would pin 64 KB.</summary>
    private const int CompactFrom = 64;
    private const int LargestCompacted = 8 * 1024;

    private const int SearchReach = 1024;

    private QueuedDelivery[] _ring = [];
    private int _head;
    private int _qos0;

    public int Count { get; private set; }
    public long Bytes { get; private set; }

    public void Enqueue(in QueuedDelivery delivery)
    {
        if (Count == _ring.Length)
        {
            Resize(Math.Max(8, _ring.Length * 2));
        }

        ref var slot = ref _ring[(_head + Count) & (_ring.Length - 1)];
        slot = delivery;
        if (Count >= CompactFrom && delivery.Length <= LargestCompacted)
        {
            slot.Message = delivery.Message.Compact();
        }

        Count++;
        Bytes += delivery.Length;
        _qos0 += delivery.QoS == QoS.AtMostOnce ? 1 : 0;
    }

    public ref readonly QueuedDelivery Peek() => ref _ring[_head];

    public QueuedDelivery Dequeue()
    {
        var delivery = _ring[_head];
        Forget(_head);
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        if (Count == 0)
        {
            (_ring, _head) = ([], 0); // an idle session holds nothing
        }

        return delivery;
    }

    public void Clear()
    {
        (_ring, _head, _qos0) = ([], 0, 0);
        (Count, Bytes) = (0, 0);
    }

    /// <summary>
    /// Drops the oldest QoS 0 delivery; false when there is none within reach. Usually it is the head; the reach keeps a long queue
    /// of QoS 1 and 2 from being searched for every message.
    /// </summary>
    public bool TryDropOldestQoS0()
    {
        if (_qos0 == 0)
        {
            return false;
        }

        var place = 0;
        while (At(place).QoS != QoS.AtMostOnce)
        {
            if (++place == SearchReach)
            {
                return false;
            }
        }

        Forget((_head + place) & (_ring.Length - 1));
        for (; place > 0; place--) // close the gap from the front: the older deliveries before it move up by one
        {
            At(place) = At(place - 1);
        }

        At(0) = default;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        return true;
    }

    private ref QueuedDelivery At(int place) => ref _ring[(_head + place) & (_ring.Length - 1)];

    private void Forget(int index)
    {
        Bytes -= _ring[index].Length;
        _qos0 -= _ring[index].QoS == QoS.AtMostOnce ? 1 : 0;
        _ring[index] = default;
    }

    private void Resize(int capacity)
    {
        var ring = new QueuedDelivery[capacity];
        for (var i = 0; i < Count; i++)
        {
            ring[i] = At(i);
        }

        (_ring, _head) = (ring, 0);
    }
}
