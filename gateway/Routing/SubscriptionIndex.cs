using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Routing;

/// <summary>Keeps the trie in step with the subscriptions of sessions.</summary>
internal sealed class SubscriptionIndex(LocalTrie<SubscriberSet> trie, DeliveryOptions options)
{
    private readonly Func<string, SubscriberSet> _create = filter => new SubscriberSet(filter, options.ShareStrategy);

    public void Add(Subscription subscription)
    {
        string filter = FilterOf(subscription.Filter);
        while (!trie.GetOrAdd(filter, _create).TryAdd(subscription, out _))
        {
            // the set was retired between the two steps: its remover takes it out of the trie, the next turn finds a new one
            Thread.SpinWait(1);
        }
    }

    public void Remove(Subscription subscription)
    {
        string filter = FilterOf(subscription.Filter);
        if (trie.Find(filter) is { } set && set.Remove(subscription))
        {
            trie.Remove(filter);
        }
    }

    /// <summary>What is matched: the filter without <c>$share/ShareName/</c>.</summary>
    private static string FilterOf(string filter) => TopicFilter.TryParseShared(filter, out _, out string inner) ? inner : filter;
}
