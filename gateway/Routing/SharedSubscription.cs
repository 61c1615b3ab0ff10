namespace GrainMQ.Gateway.Routing;

/// <summary>The members of one Shared Subscription: one of them gets each message. MQTT 5 §4.8.2.</summary>
internal sealed class SharedSubscription(string shareName, string filter, ShareStrategy strategy)
{
    private readonly ShareGroup<Subscription> _group = new(strategy);

    public string ShareName { get; } = shareName;

    public string Filter { get; } = filter;

    public bool IsEmpty => _group.Count == 0;

    public Subscription? Add(Subscription subscription)
    {
        var previous = Array.Find(_group.Members.ToArray(), member => member.Session == subscription.Session);
        if (previous is not null)
        {
            _group.Remove(previous);
        }

        subscription.Share = this;
        _group.Add(subscription);
        return previous;
    }

    public void Remove(Subscription subscription) => _group.Remove(subscription);

    /// <summary>
    /// The member for a message: one that can take it now, else one whose session keeps it, so that an offline member does not
    /// swallow what another could have. Null when no member is left.
    /// </summary>
    public Subscription? Pick(ulong publisher, ulong topic) => _group.TryPick(publisher, topic) ?? _group.PickAny(publisher, topic);
}
