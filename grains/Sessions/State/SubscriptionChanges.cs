using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>SUBSCRIBE and UNSUBSCRIBE of attached sessions. Their gateway routes to them, so nothing is announced.</summary>
/// <param name="records">The shard's sessions.</param>
/// <param name="most">The most subscriptions that a session may have.</param>
internal sealed class SubscriptionChanges(SessionRecords records, int most)
{
    /// <summary>Changes a session's subscriptions. Quota: nothing has changed.</summary>
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

        if (!Fits(record, delta.Added, delta.Removed))
        {
            return SessionResult.Quota;
        }

        Change(record, delta);
        return SessionResult.Ok;
    }

    /// <summary>Changes them as the journal says, also when fewer are allowed by now: the client was told that it has them.</summary>
    public void Replay(SessionDelta delta)
    {
        if (records.TryFind(delta.Key, out var record) && record.IsAttached && delta.Epoch == record.Epoch)
        {
            Change(record, delta);
        }
    }

    /// <summary>Returns whether the session has all that would be added, and nothing would be removed.</summary>
    public bool Has(SessionDelta delta) => delta.Removed.Length == 0
        && records.TryFind(delta.Key, out var record) && delta.Added.All(record.Subscriptions.Has);

    /// <summary>Returns whether a new session may have so many subscriptions.</summary>
    public bool Fits(int count) => count <= most;

    /// <summary>
    /// Returns whether the session may have these in addition. What adds no filter always fits, also in a session that has more than are
    /// allowed by now.
    /// </summary>
    public bool Fits(SessionRecord record, SubscriptionRecord[] added) => Fits(record, added, []);

    private static void Change(SessionRecord record, SessionDelta delta)
    {
        foreach (var filter in delta.Removed)
        {
            record.Subscriptions.Remove(filter);
        }

        record.Subscriptions.AddRange(delta.Added);
    }

    private bool Fits(SessionRecord record, SubscriptionRecord[] added, string[] removed)
    {
        var known = record.Subscriptions;
        var gone = removed.Where(known.Contains).ToHashSet();
        var fresh = added.Select(subscription => subscription.Filter).Where(filter => !known.Contains(filter) || gone.Contains(filter)).ToHashSet();
        return fresh.Count == 0 || Fits(known.Count - gone.Count + fresh.Count);
    }
}
