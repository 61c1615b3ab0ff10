namespace GrainMQ.Gateway.Routing;

/// <summary>The subscribers of a filter that has several, or Shared Subscriptions.</summary>
internal sealed class SubscriberSet : Subscribers
{
    private static readonly SubscriberSet Empty = new(ChunkedList<Subscription>.Empty, ShareList.Empty);

    private readonly ChunkedList<Subscription> _plain;
    private readonly ShareList _shares;

    private SubscriberSet(ChunkedList<Subscription> plain, ShareList shares) => (_plain, _shares) = (plain, shares);

    public Subscription[][] Chunks => _plain.Chunks;

    public override SharedSubscription[][] Shares => _shares.Chunks;

    public static SubscriberSet Of(Subscribers? subscribers) => subscribers switch
    {
        SubscriberSet set => set,
        Subscription single => new SubscriberSet(ChunkedList<Subscription>.Of(single), ShareList.Empty),
        _ => Empty,
    };

    public SubscriberSet With(Subscription subscription, Subscription? previous, string filter, ShareStrategy strategy)
    {
        if (subscription is SharedMember member)
        {
            return WithMember(member, previous as SharedMember, filter, strategy);
        }

        return previous is not null && _plain.IndexOf(previous) is >= 0 and var place
            ? new SubscriberSet(_plain.Replace(place, subscription), _shares)
            : new SubscriberSet(_plain.Add(subscription), _shares);
    }

    public Subscribers? Without(Subscription subscription)
    {
        var left = subscription is SharedMember member ? WithoutMember(member) : WithoutPlain(subscription);
        return (left._plain.Count, left._shares.Count) switch
        {
            (0, 0) => null,
            (1, 0) => left._plain[0],
            _ => left,
        };
    }

    private SubscriberSet WithMember(SharedMember member, SharedMember? previous, string filter, ShareStrategy strategy)
    {
        if (_shares.Find(member.ShareName) is { } share)
        {
            share.Add(member, previous);
            return this;
        }

        share = new SharedSubscription(member.ShareName, filter, strategy);
        share.Add(member, previous: null);
        return new SubscriberSet(_plain, _shares.Add(share));
    }

    private SubscriberSet WithoutMember(SharedMember member)
    {
        var share = member.Share;
        share?.Remove(member);
        return share is { IsEmpty: true } ? new SubscriberSet(_plain, _shares.Remove(share)) : this;
    }

    private SubscriberSet WithoutPlain(Subscription subscription) => _plain.IndexOf(subscription) is >= 0 and var place
        ? new SubscriberSet(_plain.RemoveAt(place), _shares) : this;
}
