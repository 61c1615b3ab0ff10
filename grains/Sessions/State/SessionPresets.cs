using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>Sessions that are made before their client connects.</summary>
internal sealed class SessionPresets(SessionRecords records, SessionLifecycle lifecycle, SubscriptionChanges subscriptions)
{
    /// <summary>Creates a detached session or adds to one.</summary>
    /// <param name="key">The session's key.</param>
    /// <param name="request">What the session gets.</param>
    /// <param name="epoch">The epoch of a new session, from <see cref="SessionRecords.NextEpoch"/>.</param>
    /// <param name="now">Unix milliseconds.</param>
    public SessionResult Preset(string key, PresetRequest request, ulong epoch, long now)
    {
        var record = records.Find(key);
        if (record is { IsAttached: true, ExpirySeconds: 0 })
        {
            return SessionResult.Busy; // it would end with its connection
        }

        if (record is null && records.IsFull)
        {
            return SessionResult.Quota;
        }

        if (!subscriptions.Fits(request.Subscriptions.Length) || (record is not null && !subscriptions.TryAdd(record, request.Subscriptions)))
        {
            return SessionResult.Quota;
        }

        var expiry = request.ExpirySeconds == 0 ? uint.MaxValue : request.ExpirySeconds;
        if (record is null)
        {
            Create(key, request.Subscriptions, epoch, expiry, now);
        }
        else if (!record.IsAttached)
        {
            lifecycle.Prolong(record, expiry, now);
        }

        return SessionResult.Ok;
    }

    private void Create(string key, SubscriptionRecord[] added, ulong epoch, uint expirySeconds, long now)
    {
        var record = records.Create(key, epoch, expirySeconds);
        record.IsJournaled = true;
        record.Subscriptions.AddRange(added);
        lifecycle.StartTimers(record, now);
    }
}
