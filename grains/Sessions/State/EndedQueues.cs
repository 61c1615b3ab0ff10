using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>
/// What sessions that have ended leave to the other members of their Shared Subscriptions (MQTT 5 §4.8.2): what was not sent, and QoS 1 without its
/// acknowledgement. A QoS 2 delivery that has begun goes to no other client [MQTT-4.8.2-5]. Each is a record like that of a session, so that journal,
/// snapshots and compaction know it, under a key that no session has. Which gateway hands it over is not journaled: after a fault another one may.
/// </summary>
/// <param name="records">The shard's sessions.</param>
/// <param name="leaseMilliseconds">How long a gateway has one from the last time that it read it or reported.</param>
internal sealed class EndedQueues(SessionRecords records, long leaseMilliseconds)
{
    /// <summary>U+0000 is in no Client Identifier. [MQTT-1.5.4-2]</summary>
    private const char Separator = '\0';

    private readonly Dictionary<string, LinkedListNode<Lease>> _byKey = [];
    private readonly LinkedList<Lease> _available = new();
    private readonly LinkedList<Lease> _leased = new();

    public bool HasAvailable => _available.Count > 0;

    public static bool IsKey(string key) => key.Contains(Separator);

    /// <summary>A session ends: takes over what it leaves. The caller clears its queue.</summary>
    public void TakeFrom(SessionRecord session)
    {
        if (!session.HasQueue || session.IsEndedQueue)
        {
            return;
        }

        var left = session.Queue.Front.Concat(session.Queue.From(0))
            .Where(item => item.Share is not null && (item.Stage == PendingStage.Queued || item.Qos < 2))
            .OrderBy(item => item.Number).ToArray();
        if (left.Length == 0)
        {
            return;
        }

        var queue = records.Create($"{session.Key}{Separator}{session.Epoch}", session.Epoch, uint.MaxValue);
        (queue.IsJournaled, queue.LastNumber) = (session.IsJournaled, session.LastNumber);
        foreach (var item in left)
        {
            queue.Queue.Enqueue(item with { Stage = PendingStage.Queued, PacketId = 0 });
        }

        Offer(queue);
    }

    /// <summary>Adds one of a snapshot.</summary>
    public void Restore(SessionRecord record)
    {
        if (record.IsEndedQueue)
        {
            Offer(record);
        }
    }

    /// <summary>A message has left: an empty queue is over.</summary>
    public void EndIfEmpty(SessionRecord record)
    {
        if (!record.IsEndedQueue || record.HasQueue)
        {
            return;
        }

        records.Remove(record);
        if (_byKey.Remove(record.Key, out var node))
        {
            node.List?.Remove(node);
        }
    }

    /// <summary>Leases some to a gateway, those first that have waited for longest.</summary>
    public EndedQueue[] Take(int most, long now)
    {
        while (_leased.First is { } node && node.Value.LapsesAt <= now)
        {
            _leased.Remove(node);
            _available.AddLast(node);
        }

        var taken = _available.Take(most).Select(lease => lease.Queue).ToArray();
        foreach (var queue in taken)
        {
            Renew(queue.Key, now);
        }

        return taken;
    }

    /// <summary>The gateway that has it is at work.</summary>
    public void Renew(string key, long now)
    {
        if (_byKey.TryGetValue(key, out var node))
        {
            node.List?.Remove(node);
            node.Value = node.Value with { LapsesAt = now + leaseMilliseconds };
            _leased.AddLast(node);
        }
    }

    private void Offer(SessionRecord record)
    {
        var node = new LinkedListNode<Lease>(new Lease(new EndedQueue(record.Key, record.Epoch), 0));
        _byKey[record.Key] = node;
        _available.AddLast(node);
    }

    private readonly record struct Lease(EndedQueue Queue, long LapsesAt);
}
