namespace GrainMQ.Gateway.Routing;

/// <summary>The members of one Shared Subscription: one of them gets each message. MQTT 5 §4.8.2.</summary>
/// <param name="shareName">ShareName of all members.</param>
/// <param name="filter">The Topic Filter as the first member wrote it, with <c>$share/</c> and the ShareName; the same for all.</param>
/// <param name="strategy">How it chooses.</param>
internal sealed class SharedSubscription(string shareName, string filter, ShareStrategy strategy)
{
    private readonly ShareGroup<SharedMember> _group = new(strategy);

    public string ShareName { get; } = shareName;

    /// <summary>What names it towards the store.</summary>
    public string Filter { get; } = filter;

    public bool IsEmpty => _group.Count == 0;

    /// <summary>Adds a member, in the place of the one that the same session had before. [MQTT-3.8.4-4]</summary>
    public void Add(SharedMember member, SharedMember? previous)
    {
        member.Join(this);
        if (previous is null || !_group.Replace(previous, member))
        {
            _group.Add(member);
        }
    }

    public void Remove(SharedMember member) => _group.Remove(member);

    /// <summary>
    /// The member for a message: one that can take it now, else one whose session keeps it, so that an offline member does not
    /// swallow what another could have. Null when no member is left.
    /// </summary>
    public Subscription? Pick(ulong publisher, ulong topic) => _group.TryPick(publisher, topic) ?? _group.PickAny(publisher, topic);
}
