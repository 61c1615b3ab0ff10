using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>Connections that take a session: CONNECT, and the return of a shard's memory from the gateways.</summary>
internal sealed class SessionAttachment(SessionRecords records, SessionLifecycle lifecycle, DueWills wills)
{
    /// <summary>Opens a session for a CONNECT. The reply lacks the state of a session that existed.</summary>
    /// <param name="key">The session's key.</param>
    /// <param name="request">The CONNECT.</param>
    /// <param name="epoch">Its epoch, from <see cref="SessionRecords.NextEpoch"/>.</param>
    /// <param name="now">Unix milliseconds.</param>
    public OpenReply Attach(string key, OpenRequest request, ulong epoch, long now) =>
        records.IsFull && records.Find(key) is null ? Refused(SessionResult.Quota) : Attach(key, request, epoch, now, keepsWill: true);

    /// <summary>Opens a session as the journal says, also when fewer are allowed by now: the client was told that it has it.</summary>
    public void Replay(Attached change) => Attach(change.Key, change.Request, change.Epoch, change.At, keepsWill: change.SetsWillOff);

    /// <param name="keepsWill">False replays a journal of a version that left a due will to the gateway alone.</param>
    private OpenReply Attach(string key, OpenRequest request, ulong epoch, long now, bool keepsWill)
    {
        var old = records.Find(key);
        if (old is not null && old.WasOpenedBy(request.Gateway, request.ConnectionId))
        {
            return Repeated(old);
        }

        if (old is not null && old.Earlier.Contains(request.Gateway, request.ConnectionId))
        {
            return Refused(SessionResult.Fenced);
        }

        var previous = old is { IsAttached: true } ? old.Owner : null;
        // A takeover decides by the old session's expiry: with 0 the session ends together with its connection.
        var present = !request.CleanStart && old is not null && (previous is null || old.ExpirySeconds > 0);
        var dueWill = old is not null && IsWillSetOff(old, request.Gateway, present) ? old.Will?.Message : null;
        Release(old, forget: !present);

        var record = present ? old! : records.Create(key, epoch, request.ExpirySeconds); // present: there is an old session
        if (old is not null && !present)
        {
            record.Succeed(old);
        }

        record.IsJournaled = MustBeStored(request) || old is { IsJournaled: true };
        record.ExpirySeconds = request.ExpirySeconds;
        record.Will = request.Will; // resumed before its delay passed, the old will is never sent [MQTT-3.1.3-9]
        var owner = new SessionOwner(request.Gateway, request.ConnectionId, epoch);
        lifecycle.Attach(record, owner, new OpenReply(SessionResult.Ok, epoch, present, previous, null, dueWill));
        if (dueWill is not null && keepsWill)
        {
            Hand(new DueWill(DueWill.IdOfWillSetOffBy(epoch), key, dueWill), request.Gateway, now);
        }

        return record.Opened!; // Attach has just set it
    }

    /// <summary>Whether a crash must not lose the session: it outlives its connection, or its will may.</summary>
    public static bool MustBeStored(OpenRequest request) => request.ExpirySeconds > 0 || request.Will is not null;

    /// <summary>
    /// Takes back sessions that a gateway holds, after the shard lost them or took the gateway for lost. Returns the keys of those that it does
    /// not hold any more.
    /// </summary>
    public string[] Reattach(ReattachBatch batch) =>
        [.. batch.Sessions.Where(entry => !TryReattach(batch.Gateway, entry)).Select(entry => entry.Key)];

    /// <summary>Makes the reply to a CONNECT that takes no session.</summary>
    public static OpenReply Refused(SessionResult result) => new(result, 0, false, null, null, null);

    /// <summary>
    /// A session that ends does not wait for the delay [MQTT-3.1.2-8], and one that goes on sets off what has none. The will of a connection
    /// to another gateway is published there.
    /// </summary>
    private static bool IsWillSetOff(SessionRecord old, GatewayRef by, bool goesOn) => old is { IsAttached: true, Owner.Gateway: var gateway }
        ? gateway == by && (!goesOn || old.Will is { DelaySeconds: 0 })
        : !goesOn;

    /// <summary>Leases the will to the gateway that gets it with its reply. If that gateway does not say that it is published, another gets it.</summary>
    private void Hand(DueWill will, GatewayRef gateway, long now)
    {
        wills.Add(will);
        wills.Lease(gateway, now, [will.Id]);
    }

    private bool TryReattach(GatewayRef gateway, ReattachEntry entry)
    {
        var owner = entry.Owner with { Gateway = gateway };
        if (records.TryFind(entry.Key, out var record) && record.Epoch >= owner.Epoch)
        {
            if (record.Owner != owner || !(record.IsAttached || record.IsOrphaned))
            {
                return false;
            }

            if (record.IsOrphaned)
            {
                lifecycle.StopTimers(record);
                lifecycle.Attach(record, owner, record.Opened);
            }
            return true;
        }
        Release(record, forget: true);
        record = records.Create(entry.Key, owner.Epoch, entry.ExpirySeconds);
        record.IsJournaled = entry.ExpirySeconds > 0 || entry.Will is not null;
        record.Will = entry.Will;
        record.Subscriptions.AddRange(entry.Subscriptions);
        lifecycle.Attach(record, owner, null);
        return true;
    }

    private void Release(SessionRecord? old, bool forget)
    {
        if (old is null)
        {
            return;
        }

        lifecycle.Release(old);
        if (forget)
        {
            lifecycle.Forget(old);
        }
    }

    /// <summary>Answers a CONNECT that was sent again, or came late, in the same way as long as its connection holds the session.</summary>
    private static OpenReply Repeated(SessionRecord record) =>
        record is { IsAttached: true, Opened: { } opened } ? opened : Refused(SessionResult.Fenced);
}
