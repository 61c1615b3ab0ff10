using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;

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

        if (!(record is null ? subscriptions.Fits(request.Subscriptions.Length) : subscriptions.Fits(record, request.Subscriptions)))
        {
            return SessionResult.Quota;
        }

        Add(key, record, request, epoch, now);
        return SessionResult.Ok;
    }

    /// <summary>As the journal says, also when less is allowed by now.</summary>
    public void Replay(Preset change) => Add(change.Key, records.Find(change.Key), change.Request, change.Epoch, change.At);

    private void Add(string key, SessionRecord? record, PresetRequest request, ulong epoch, long now)
    {
        var expiry = request.ExpirySeconds == 0 ? uint.MaxValue : request.ExpirySeconds;
        if (record is null)
        {
            Create(key, request.Subscriptions, epoch, expiry, now);
            return;
        }

        record.Subscriptions.AddRange(request.Subscriptions);
        if (!record.IsAttached)
        {
            lifecycle.Prolong(record, expiry, now);
        }
    }

    private void Create(string key, SubscriptionRecord[] added, ulong epoch, uint expirySeconds, long now)
    {
        var record = records.Create(key, epoch, expirySeconds);
        record.IsJournaled = true;
        record.Subscriptions.AddRange(added);
        lifecycle.StartTimers(record, now);
    }
}
