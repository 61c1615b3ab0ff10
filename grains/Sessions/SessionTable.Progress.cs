using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <content>How far the deliveries of connected sessions have come.</content>
internal sealed partial class SessionTable
{
    /// <summary>
    /// Notes the progress of sessions; returns the keys of those that the caller does not hold, for which nothing is noted. Repeating it
    /// changes nothing.
    /// </summary>
    public string[] Report(ProgressBatch batch)
    {
        foreach (var progress in batch.Sessions)
        {
            if (_records.TryGetValue(progress.Key, out var record) && IsHeld(record, progress.Epoch))
            {
                Note(record, progress);
            }
        }

        if (batch.Sequence > 0)
        {
            Reporters.Taken(batch.Gateway, batch.Sequence, 0);
        }

        return Fenced(batch);
    }

    /// <summary>
    /// The keys of the sessions that the caller does not hold. Asked later it may name more: what was noted for those meanwhile does not
    /// suffer from being said again.
    /// </summary>
    public string[] Fenced(ProgressBatch batch) =>
        [.. batch.Sessions.Where(progress => !_records.TryGetValue(progress.Key, out var record) || !IsHeld(record, progress.Epoch)).Select(progress => progress.Key)];

    /// <summary>
    /// What a gateway holds, was about to send for the first time, and is not in its queue any more: sent all the same, its packet identifier would be
    /// known to the client alone, and given to another message by the next connection. [MQTT-2.2.1-4]
    /// </summary>
    public GoneDelivery[]? Gone(ProgressBatch batch)
    {
        List<GoneDelivery>? gone = null;
        foreach (var progress in batch.Sessions)
        {
            if (progress.Started.Length > 0 && _records.TryGetValue(progress.Key, out var record) && IsHeld(record, progress.Epoch))
            {
                foreach (var started in progress.Started)
                {
                    if (started.Stage == PendingStage.Published && !(record.HasQueue && record.Queue.Contains(started.Sequence)))
                    {
                        (gone ??= []).Add(new GoneDelivery(progress.Key, started.Sequence));
                    }
                }
            }
        }

        return gone?.ToArray();
    }

    /// <summary>A gateway that was believed lost still tells the truth about what it has delivered.</summary>
    private static bool IsHeld(SessionRecord record, ulong epoch) => record.Epoch == epoch && (record.IsAttached || record.IsOrphaned);

    private static void Note(SessionRecord record, SessionProgress progress)
    {
        if (record.HasQueue)
        {
            foreach (var started in progress.Started)
            {
                record.Queue.Begin(started.Sequence, started.PacketId, started.Stage);
            }
        }

        Finish(record, progress.Done);
        if (record.InboundQos2 is not { } inbound)
        {
            return;
        }

        inbound.ExceptWith(progress.InboundReleased);
        if (inbound.Count == 0)
        {
            record.InboundQos2 = null;
        }
    }

    /// <param name="record">The session.</param>
    /// <param name="done">Pairs of first and last; a last one without its pair counts for nothing.</param>
    private static void Finish(SessionRecord record, long[] done)
    {
        for (var at = 0; at + 1 < done.Length && record.HasQueue; at += 2)
        {
            record.Queue.Remove(done[at], done[at + 1]);
        }
    }
}
