using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>How far the deliveries of connected sessions have come.</summary>
/// <param name="records">The shard's sessions.</param>
/// <param name="ended">The queues of ended sessions.</param>
/// <param name="reporters">The last numbered report of each gateway.</param>
internal sealed class DeliveryProgress(SessionRecords records, EndedQueues ended, LastBatches<ProgressReply> reporters)
{
    /// <summary>The reply to a report that was noted before.</summary>
    public static readonly ProgressReply Noted = new(SessionResult.Ok, []);

    /// <summary>
    /// Notes the progress of the sessions that the caller holds; returns the keys of the others (<see cref="FencedIn"/>). Repeating it changes
    /// nothing.
    /// </summary>
    public string[] Note(ProgressBatch batch)
    {
        var fenced = new List<string>();
        foreach (var progress in batch.Sessions)
        {
            if (records.TryFindHeld(progress.Key, progress.Epoch, out var record))
            {
                Note(record, progress);
            }
            else
            {
                fenced.Add(progress.Key);
            }
        }

        if (batch.Sequence > 0)
        {
            reporters.Remember(batch.Gateway, batch.Sequence, Noted);
        }

        return [.. fenced];
    }

    /// <summary>
    /// Returns the keys of the sessions that the caller does not hold. Asked later it may name more: what was noted for those meanwhile does
    /// not suffer from being reported again.
    /// </summary>
    public string[] FencedIn(ProgressBatch batch) =>
        [.. batch.Sessions.Where(progress => !records.TryFindHeld(progress.Key, progress.Epoch, out _)).Select(progress => progress.Key)];

    /// <summary>
    /// Returns the deliveries that were to begin and whose message has left the queue; null if there are none. Sent all the same, their packet
    /// identifiers would be known to the client alone, and given to other messages by the next connection. [MQTT-2.2.1-4]
    /// </summary>
    public GoneDelivery[]? GoneIn(ProgressBatch batch)
    {
        List<GoneDelivery>? gone = null;
        foreach (var progress in batch.Sessions)
        {
            if (progress.Started.Length > 0 && records.TryFindHeld(progress.Key, progress.Epoch, out var record))
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

    private void Note(SessionRecord record, SessionProgress progress)
    {
        record.BeginDeliveries(progress.Started);
        record.FinishDeliveries(progress.Done);
        ended.EndIfEmpty(record);
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
}
