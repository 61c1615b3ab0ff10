using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>SUBSCRIBE and UNSUBSCRIBE of attached sessions. Their gateway routes to them, so nothing is announced.</summary>
/// <param name="records">The shard's sessions.</param>
/// <param name="most">The most subscriptions that a session may have.</param>
internal sealed class SubscriptionChanges(SessionRecords records, int most)
{
    /// <summary>Changes a session's subscriptions. Quota: the removals are done and nothing was added.</summary>
    public SessionResult Apply(SessionDelta delta)
    {
        if (!records.TryFind(delta.Key, out var record) || delta.Epoch > record.Epoch)
        {
            return SessionResult.NotFound;
        }

        if (delta.Epoch < record.Epoch || !record.IsAttached)
        {
            return SessionResult.Fenced;
        }

        foreach (var filter in delta.Removed)
        {
            record.Subscriptions.Remove(filter);
        }

        return TryAdd(record, delta.Added) ? SessionResult.Ok : SessionResult.Quota;
    }

    /// <summary>Returns whether the session has all that would be added, and nothing would be removed.</summary>
    public bool Has(SessionDelta delta) => delta.Removed.Length == 0
        && records.TryFind(delta.Key, out var record) && delta.Added.All(record.Subscriptions.Has);

    /// <summary>Returns whether a new session may have so many subscriptions.</summary>
    public bool Fits(int count) => count <= most;

    /// <summary>Adds subscriptions to a session; false, with nothing added, if it would have too many.</summary>
    public bool TryAdd(SessionRecord record, SubscriptionRecord[] added)
    {
        var known = added.Count(subscription => record.Subscriptions.Contains(subscription.Filter));
        if (!Fits(record.Subscriptions.Count + added.Length - known))
        {
            return false;
        }

        record.Subscriptions.AddRange(added);
        return true;
    }
}
