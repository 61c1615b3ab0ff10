using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Routing;

/// <summary>Keeps the trie of one gateway in step with the subscriptions of sessions. Each change is one step: no message is lost or doubled in between.</summary>
internal sealed class SubscriptionIndex(LocalTrie<Subscribers> trie, ShareStrategy strategy)
{
    /// <param name="filter">As the client wrote it.</param>
    /// <param name="previous">The same session's subscription to the same filter, which is replaced. [MQTT-3.8.4-3]</param>
    public void Add(Subscription subscription, string filter, Subscription? previous) => trie.Update(
        MatchedPart(filter),
        (subscription, previous, filter, strategy),
        static (current, text, change) =>
        {
            change.subscription.Text = text;
            return Subscribers.With(current, change.subscription, change.previous, change.filter, change.strategy);
        });

    public void Remove(Subscription subscription) => trie.Update(
        trie.TextOf(subscription.Text),
        subscription,
        static (current, _, removed) => Subscribers.Without(current, removed));

    /// <summary>The filter as the client wrote it. Only for subscriptions that were added and not yet removed.</summary>
    public string FilterOf(Subscription subscription) => subscription.FilterOf(trie.TextOf(subscription.Text));

    public SubscriptionRecord RecordOf(Subscription subscription) => subscription.ToRecord(FilterOf(subscription));

    /// <summary>What is matched: the filter without <c>$share/ShareName/</c>.</summary>
    private static string MatchedPart(string filter) => TopicFilter.TryParseShared(filter, out _, out var inner) ? inner : filter;
}
