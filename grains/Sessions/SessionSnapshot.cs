using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>A whole store shard, as the journal keeps it in place of the changes that led to it.</summary>
internal sealed record SessionSnapshot(
    ulong LastEpoch,
    SessionRecordSnapshot[] Records,
    WorkSnapshot[] Work,
    ProducerSnapshot[] Producers,
    ProducerSnapshot[] Reporters)
{
    private SnapshotPart[]? _parts;

    /// <summary>All of the sessions, in pieces of a bounded size.</summary>
    internal SnapshotPart[] Parts => _parts ??= [.. Records.SelectMany(SnapshotPart.Of)];
}

/// <summary>Some runs of a session's queue; the session itself too when they are the first.</summary>
internal readonly record struct SnapshotPart(SessionRecordSnapshot Session, int From, int Count)
{
    /// <summary>At 256 messages each.</summary>
    private const int MostRuns = 16;

    public ReadOnlySpan<QueueRun> Waiting => Session.Waiting.AsSpan(From, Count);

    public static IEnumerable<SnapshotPart> Of(SessionRecordSnapshot session)
    {
        for (var from = 0; from == 0 || from < session.Waiting.Length; from += MostRuns)
        {
            yield return new SnapshotPart(session, from, Math.Min(MostRuns, session.Waiting.Length - from));
        }
    }
}

/// <summary>One journaled session; messages and subscriptions are shared with the live record, which never writes them.</summary>
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
        foreach (var subscription in Subscriptions)
        {
            record.Subscriptions.Add(subscription);
        }

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

/// <summary>A will that is due; leased while <c>Holder</c> is set.</summary>
internal sealed record WorkSnapshot(DueWill Work, GatewayRef? Holder, long LapsesAt);

/// <summary>The last batch that was taken from a producer.</summary>
internal sealed record ProducerSnapshot(GatewayRef Producer, long Sequence, int Dropped);
