using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>What the store shard knows of one session, attached or detached. Only the parts of <see cref="StoreShardState"/> change it.</summary>
internal sealed class SessionRecord(string key, ulong epoch, uint expirySeconds, QueueBounds bounds)
{
    // most sessions have nothing waiting: a queue is made when the first message waits
    private SessionQueue? _queue;

    public string Key => key;

    /// <summary>The epoch of the last connection; rises with every CONNECT.</summary>
    public ulong Epoch { get; set; } = epoch;

    /// <summary>The epoch of the connection that created the session; 0 when it comes from a snapshot in which that connection has ended.</summary>
    public ulong Since { get; init; }

    /// <summary>The connection that holds the session, or the last one that did; null if no client ever connected.</summary>
    public SessionOwner? Owner { get; set; }

    /// <summary>The connections before <see cref="Owner"/>.</summary>
    public ClaimHistory Earlier { get; set; }

    public bool IsAttached { get; set; }

    /// <summary>Whether it is detached because its gateway was taken for lost: should that live after all, its own Detach still counts.</summary>
    public bool IsOrphaned { get; set; }

    public uint ExpirySeconds { get; set; } = expirySeconds;

    /// <summary>The will of the last connection, as long as the shard may still make it due; otherwise null.</summary>
    public WillRecord? Will { get; set; }

    /// <summary>While detached: Unix milliseconds when the will is published; <see cref="long.MaxValue"/> = never.</summary>
    public long WillDueAt { get; set; } = long.MaxValue;

    /// <summary>While detached: Unix milliseconds when the session ends; <see cref="long.MaxValue"/> = never.</summary>
    public long ExpiresAt { get; set; } = long.MaxValue;

    public SubscriptionSet Subscriptions { get; } = new();

    /// <summary>The session's queue; made by the first use.</summary>
    public SessionQueue Queue => _queue ??= new SessionQueue(bounds);

    /// <summary>Whether anything is in the queue.</summary>
    public bool HasQueue => _queue is { Count: > 0 };

    /// <summary>The number of the last message that was put into the queue.</summary>
    public long LastNumber { get; set; }

    /// <summary>Packet identifiers of the client's QoS 2 publications between PUBLISH and PUBREL; null = none.</summary>
    public HashSet<ushort>? InboundQos2 { get; set; }

    /// <summary>The reply to the CONNECT that attached the session, without its state, for a repeated call; null if the shard does not have it.</summary>
    public OpenReply? Opened { get; set; }

    /// <summary>Whether the session has to outlive the shard's activation: it expires later than its connection, or has a will.</summary>
    public bool IsJournaled { get; set; }

    /// <summary>Whether it is no session, but what one has left: see <see cref="EndedQueues"/>.</summary>
    public bool IsEndedQueue { get; } = EndedQueues.IsKey(key);

    /// <summary>When time alone changes it next, in Unix milliseconds; <see cref="long.MaxValue"/> = never.</summary>
    public long DueAt => IsAttached ? long.MaxValue : Math.Min(WillDueAt, ExpiresAt);

    /// <summary>Returns whether this was the last connection that opened the session, attached or not.</summary>
    public bool WasOpenedBy(GatewayRef gateway, long connectionId) =>
        Owner is { } owner && owner.ConnectionId == connectionId && owner.Gateway == gateway;

    /// <summary>Returns whether the epoch is that of a session that this one has replaced; false for 0, which is not known.</summary>
    public bool HasReplaced(ulong epoch) => epoch != 0 && epoch < Since;

    /// <summary>
    /// Returns whether the connection with this epoch holds the session. A gateway that was taken for lost still tells the truth about what
    /// it has delivered.
    /// </summary>
    public bool IsHeldBy(ulong epoch) => Epoch == epoch && (IsAttached || IsOrphaned || IsEndedQueue);

    /// <summary>Notes deliveries that have begun.</summary>
    public void BeginDeliveries(StartedDelivery[] started)
    {
        if (!HasQueue)
        {
            return;
        }

        foreach (var delivery in started)
        {
            Queue.Begin(delivery.Sequence, delivery.PacketId, delivery.Stage);
        }
    }

    /// <summary>Removes messages whose delivery has ended.</summary>
    /// <param name="done">Pairs of first and last number; a last one without its pair counts for nothing.</param>
    public void FinishDeliveries(long[] done)
    {
        for (var at = 0; at + 1 < done.Length && HasQueue; at += 2)
        {
            Queue.Remove(done[at], done[at + 1]);
        }
    }

    /// <summary>Gives the session to a connection.</summary>
    public void Grant(SessionOwner owner, OpenReply? opened)
    {
        if (Owner is { } last && last != owner)
        {
            Earlier = Earlier.With(last);
        }

        Owner = owner;
        Opened = opened;
        Epoch = owner.Epoch;
        IsAttached = true;
        IsOrphaned = false;
        WillDueAt = long.MaxValue;
        ExpiresAt = long.MaxValue;
    }

    /// <summary>Takes over what an ended session of the same client knew of late CONNECTs.</summary>
    public void Succeed(SessionRecord old) => (Owner, Earlier) = (old.Owner, old.Earlier);
}
