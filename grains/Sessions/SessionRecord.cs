using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>What the store shard knows of one session, attached or detached. Only <see cref="SessionTable"/> changes it.</summary>
internal sealed class SessionRecord(string key, ulong epoch, uint expirySeconds, QueueBounds bounds)
{
    // most sessions have nothing waiting: a queue is made when the first message waits
    private SessionQueue? _queue;

    public string Key => key;

    /// <summary>The epoch of the last connection; rises with every CONNECT.</summary>
    public ulong Epoch { get; set; } = epoch;

    /// <summary>The epoch of the connection that created the session; 0 when it comes from a snapshot in which that connection has ended.</summary>
    public ulong Since { get; init; }

    /// <summary>The connection that holds the session, or the last one that did; null when no device ever connected.</summary>
    public SessionOwner? Owner { get; set; }

    /// <summary>The connections before <see cref="Owner"/>.</summary>
    public ClaimHistory Earlier { get; set; }

    public bool IsAttached { get; set; }

    /// <summary>Detached because the gateway was believed lost: should it live after all, its own Detach is still welcome.</summary>
    public bool IsOrphaned { get; set; }

    public uint ExpirySeconds { get; set; } = expirySeconds;

    /// <summary>The will of the last connection, as long as it may still be published by the shard.</summary>
    public WillRecord? Will { get; set; }

    /// <summary>While detached: Unix milliseconds when the will is published; <see cref="long.MaxValue"/> = never.</summary>
    public long WillDueAt { get; set; } = long.MaxValue;

    /// <summary>While detached: Unix milliseconds when the session ends; <see cref="long.MaxValue"/> = never.</summary>
    public long ExpiresAt { get; set; } = long.MaxValue;

    public SubscriptionSet Subscriptions { get; } = new();

    public SessionQueue Queue => _queue ??= new SessionQueue(bounds);

    public bool HasQueue => _queue is { Count: > 0 };

    /// <summary>The number of the last message that was put into the queue.</summary>
    public long LastNumber { get; set; }

    /// <summary>Packet identifiers of the client's QoS 2 publications between PUBLISH and PUBREL; null = none.</summary>
    public HashSet<ushort>? InboundQos2 { get; set; }

    /// <summary>The answer to the CONNECT that attached the session, without its state, to answer a repeated call alike.</summary>
    public OpenReply? Opened { get; set; }

    /// <summary>Whether the session has to outlive the shard's activation: it expires later than its connection, or has a will.</summary>
    public bool IsJournaled { get; set; }

    /// <summary>The next thing that happens to it by time alone; <see cref="long.MaxValue"/> = nothing.</summary>
    public long DueAt => IsAttached ? long.MaxValue : Math.Min(WillDueAt, ExpiresAt);

    /// <summary>Whether the claim is the last connection that opened the session, attached or not.</summary>
    public bool WasOpenedBy(GatewayRef gateway, long connectionId) =>
        Owner is { } owner && owner.ConnectionId == connectionId && owner.Gateway == gateway;

    /// <summary>Whether the epoch is of a session that this one has replaced.</summary>
    public bool HasReplaced(ulong epoch) => epoch != 0 && epoch < Since;

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

    /// <summary>Takes over what an ended session of the same client knew of late calls.</summary>
    public void Succeed(SessionRecord old) => (Owner, Earlier) = (old.Owner, old.Earlier);
}
