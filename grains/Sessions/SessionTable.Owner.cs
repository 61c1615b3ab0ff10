using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <content>What the owner of a session reports: SUBSCRIBE, UNSUBSCRIBE, and the connection's end.</content>
internal sealed partial class SessionTable
{
    /// <summary>
    /// Changes the subscriptions of an attached session; its gateway routes to it, so nothing is announced. A delta that changes
    /// nothing reports that everything handed out at CONNECT is finished.
    /// </summary>
    public SessionResult Apply(SessionDelta delta)
    {
        if (!_records.TryGetValue(delta.Key, out var record) || delta.Epoch > record.Epoch)
            return SessionResult.NotFound;
        if (delta.Epoch < record.Epoch || !record.IsAttached)
            return SessionResult.Fenced;
        if (delta.Added.Length == 0 && delta.Removed.Length == 0)
            Finish(record);
        foreach (var filter in delta.Removed)
            record.Subscriptions.Remove(filter);
        return TryAdd(record, delta.Added) ? SessionResult.Ok : SessionResult.Quota;
    }

    /// <summary>The connection ended, or (again) one that was believed lost did.</summary>
    public SessionResult Detach(string key, ulong epoch, CloseRequest request, long now)
    {
        if (!_records.TryGetValue(key, out var record) || epoch > record.Epoch)
            return SessionResult.NotFound;
        if (epoch < record.Epoch)
            return SessionResult.Fenced;
        if (!record.IsAttached && !record.IsOrphaned)
            return SessionResult.Ok; // a repeated call

        Disarm(record);
        record.IsOrphaned = false;
        // a session that ends with its connection cannot be prolonged by DISCONNECT, MQTT 5 §3.14.2.2.2
        record.ExpirySeconds = record.ExpirySeconds == 0 ? 0 : request.ExpirySeconds;
        if (request.Will == WillAction.Discard)
            record.Will = null;
        record.HandedOut = [];
        record.Opened = null;
        record.InboundQos2 = request.InboundQos2;
        if (record.ExpirySeconds > 0 && request.Pending.Length > 0)
            CountDropped(DropReason.QueueFull, record.Queue.Prepend(request.Pending));
        Disconnect(record, now);
        return SessionResult.Ok;
    }

    private static void Finish(SessionRecord record)
    {
        record.HandedOut = [];
        record.Opened = record.Opened is { } opened ? opened with { State = null } : null;
    }

    private bool TryAdd(SessionRecord record, SubscriptionRecord[] added)
    {
        var known = added.Count(subscription => record.Subscriptions.Contains(subscription.Filter));
        if (record.Subscriptions.Count + added.Length - known > _options.MaxSubscriptionsPerSession)
            return false;
        foreach (var subscription in added)
            record.Subscriptions.Add(subscription);
        return true;
    }
}
