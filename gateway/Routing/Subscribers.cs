namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Who subscribes to one topic filter: what the trie finds. Never changed, replaced in the trie. A filter with one subscriber is
/// by far the most frequent, hence a <see cref="Subscription"/> stands for itself; all others are a <see cref="SubscriberSet"/>.
/// </summary>
internal abstract class Subscribers
{
    /// <summary>The Shared Subscriptions of this filter, in chunks.</summary>
    public virtual SharedSubscription[][] Shares => [];

    /// <summary>The ordinary subscriptions.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>These and one more, or with <paramref name="previous"/>, of the same session, replaced by it.</summary>
    public static Subscribers With(Subscribers? current, Subscription subscription, Subscription? previous, string filter, ShareStrategy strategy)
    {
        var isFirst = current is null || current == previous;
        return isFirst && subscription is not SharedMember
            ? subscription
            : SubscriberSet.Of(current).With(subscription, previous, filter, strategy);
    }

    /// <summary>These without one; null when none is left.</summary>
    public static Subscribers? Without(Subscribers? current, Subscription subscription) =>
        current == subscription ? null : current is SubscriberSet set ? set.Without(subscription) : current;

    /// <summary>Walks over chunks; a single subscription is one chunk of one.</summary>
    public struct Enumerator
    {
        private readonly Subscription[][] _chunks;
        private Subscription? _current;
        private Subscription[] _chunk;
        private int _next;
        private int _at;

        public Enumerator(Subscribers subscribers)
        {
            _current = subscribers as Subscription;
            _chunks = (subscribers as SubscriberSet)?.Chunks ?? [];
            _chunk = [];
            _next = _current is null ? 0 : -1;
        }

        public readonly Subscription Current => _current!; // read after MoveNext returned true

        public bool MoveNext()
        {
            if (_next < 0)
            {
                _next = 0;
                return true;
            }

            while (_at == _chunk.Length)
            {
                if (_next == _chunks.Length)
                {
                    return false;
                }

                _chunk = _chunks[_next++];
                _at = 0;
            }

            _current = _chunk[_at++];
            return true;
        }
    }
}
