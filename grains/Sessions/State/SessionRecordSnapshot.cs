using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>One journaled session. It shares messages and subscriptions with the live record, which never writes them.</summary>
internal sealed record SessionRecordSnapshot(
    string Key,
    ulong Epoch,
    SessionOwner? Owner,
    ClaimHistory Earlier,
    bool IsAttached,
    bool IsOrphaned,
    uint ExpirySeconds,
    WillRecord? Will,
    long WillDueAt,
    long ExpiresAt,
    SubscriptionRecord[] Subscriptions,
    long LastNumber,
    QueueItem[] Front,
    QueueRun[] Waiting,
    ushort[] InboundQos2,
    OpenReply? Opened)
{
    public static SessionRecordSnapshot Of(SessionRecord record) => new(
        record.Key, record.Epoch, record.Owner, record.Earlier, record.IsAttached, record.IsOrphaned, record.ExpirySeconds, record.Will,
        record.WillDueAt, record.ExpiresAt, record.Subscriptions.ToArray(), record.LastNumber,
        record.HasQueue ? [.. record.Queue.Front] : [], record.HasQueue ? record.Queue.Waiting : [],
        [.. record.InboundQos2 ?? []], record.Opened);

    /// <summary>The whole queue in its order.</summary>
    public IEnumerable<QueueItem> Items() => Front.Concat(Waiting.SelectMany(run => run));

    public SessionRecord ToRecord(QueueBounds bounds)
    {
        var record = new SessionRecord(Key, Epoch, ExpirySeconds, bounds)
        {
            Owner = Owner, Earlier = Earlier, IsAttached = IsAttached, IsOrphaned = IsOrphaned,
            Will = Will, WillDueAt = WillDueAt, ExpiresAt = ExpiresAt, LastNumber = LastNumber,
            InboundQos2 = InboundQos2.Length == 0 ? null : [.. InboundQos2], Opened = Opened, IsJournaled = true,
            Since = Opened is { SessionPresent: false } created ? created.Epoch : 0,
        };
        record.Subscriptions.AddRange(Subscriptions);
        foreach (var item in Front)
        {
            record.Queue.Hand(item);
        }

        foreach (var run in Waiting)
        {
            record.Queue.Enqueue(run);
        }

        return record;
    }
}
