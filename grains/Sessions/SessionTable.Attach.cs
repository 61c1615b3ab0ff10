using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <content>Connections that take a session: CONNECT, and the return of a shard's memory.</content>
internal sealed partial class SessionTable
{
    /// <summary>A CONNECT; the epoch comes from <see cref="NextEpoch"/>. The answer lacks the state of a session that was there.</summary>
    /// <param name="key">Of the session.</param>
    /// <param name="request">The CONNECT.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="keepsWill">False: in a journal of a version that left a will to the gateway alone.</param>
    public OpenReply Attach(string key, OpenRequest request, ulong epoch, long now, bool keepsWill = true)
    {
        var old = _records.GetValueOrDefault(key);
        if (old is not null && old.WasOpenedBy(request.Gateway, request.ConnectionId))
        {
            return Repeated(old);
        }

        if (old is not null && old.Earlier.Contains(request.Gateway, request.ConnectionId))
        {
            return Refused(SessionResult.Fenced);
        }

        if (old is null && _records.Count >= _maxSessions)
        {
            return Refused(SessionResult.Quota);
        }

        var previous = old is { IsAttached: true } ? old.Owner : null;
        // A takeover decides by the old session's expiry: with 0 the session ends together with its connection.
        var present = !request.CleanStart && old is not null && (previous is null || old.ExpirySeconds > 0);
        var dueWill = old is not null && IsWillSetOff(old, request.Gateway, present) ? old.Will?.Message : null;
        Release(old, forget: !present);

        var record = present ? old! : Create(key, epoch, request.ExpirySeconds); // present: there is an old session
        if (old is not null && !present)
        {
            record.Succeed(old);
        }

        record.IsJournaled = MustBeStored(request) || old is { IsJournaled: true };
        record.ExpirySeconds = request.ExpirySeconds;
        record.Will = request.Will; // resumed before its delay passed, the old will is never sent [MQTT-3.1.3-9]
        var owner = new SessionOwner(request.Gateway, request.ConnectionId, epoch);
        Grant(record, owner, new OpenReply(SessionResult.Ok, epoch, present, previous, null, dueWill));
        if (dueWill is not null && keepsWill)
        {
            Hand(new DueWill(DueWill.IdOfWillSetOffBy(epoch), key, dueWill), request.Gateway, now);
        }

        return record.Opened!; // Grant has just set it
    }

    /// <summary>
    /// A session that ends does not wait for the delay [MQTT-3.1.2-8], and one that goes on sets off what has none. The will of a connection
    /// to another gateway is published there.
    /// </summary>
    private static bool IsWillSetOff(SessionRecord old, GatewayRef by, bool goesOn) => old is { IsAttached: true, Owner.Gateway: var gateway }
        ? gateway == by && (!goesOn || old.Will is { DelaySeconds: 0 })
        : !goesOn;

    /// <summary>The gateway gets it with the answer to its call; if it does not say that it is out, the next one gets it.</summary>
    private void Hand(DueWill will, GatewayRef gateway, long now)
    {
        Work.Add(will);
        Work.Lease(gateway, now, [will.Id]);
    }

    /// <summary>Whether a crash must not lose the session: it outlives its connection, or its will may.</summary>
    public static bool MustBeStored(OpenRequest request) => request.ExpirySeconds > 0 || request.Will is not null;

    /// <summary>Sessions that a gateway holds, after the shard lost them or took the gateway for lost. Returns the fenced keys.</summary>
    public string[] Reattach(ReattachBatch batch) =>
        [.. batch.Sessions.Where(entry => !TryReattach(batch.Gateway, entry)).Select(entry => entry.Key)];

    internal static OpenReply Refused(SessionResult result) => new(result, 0, false, null, null, null);

    private bool TryReattach(GatewayRef gateway, ReattachEntry entry)
    {
        var owner = entry.Owner with { Gateway = gateway };
        if (_records.TryGetValue(entry.Key, out var record) && record.Epoch >= owner.Epoch)
        {
            if (record.Owner != owner || !(record.IsAttached || record.IsOrphaned))
            {
                return false;
            }

            if (record.IsOrphaned)
            {
                Disarm(record);
                Grant(record, owner, record.Opened);
            }
            return true;
        }
        Release(record, forget: true);
        record = Create(entry.Key, owner.Epoch, entry.ExpirySeconds);
        record.IsJournaled = entry.ExpirySeconds > 0 || entry.Will is not null;
        record.Will = entry.Will;
        foreach (var subscription in entry.Subscriptions)
        {
            record.Subscriptions.Add(subscription);
        }

        Grant(record, owner, null);
        return true;
    }

    private void Grant(SessionRecord record, SessionOwner owner, OpenReply? opened)
    {
        // under the epoch that was announced: the owner's gateway may have the session detached again when it hears of this
        var announced = record.Epoch;
        record.Grant(owner, opened);
        Owners.Add(owner.Gateway, record);
        Interest.End(record.Key, announced);
        _lastEpoch = Math.Max(_lastEpoch, owner.Epoch);
    }

    private void Release(SessionRecord? old, bool forget)
    {
        if (old is null)
        {
            return;
        }

        if (old is { IsAttached: true, Owner: { } owner })
        {
            Owners.Remove(owner.Gateway, old);
        }

        Disarm(old);
        if (forget)
        {
            Forget(old);
        }
    }

    /// <summary>A CONNECT that was sent again, or came late: the same answer while its connection holds the session.</summary>
    private static OpenReply Repeated(SessionRecord record) =>
        record is { IsAttached: true, Opened: { } opened } ? opened : Refused(SessionResult.Fenced);
}
