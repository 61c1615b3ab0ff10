using System.Runtime.InteropServices;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Finds the subscribers that a message goes to. It delivers nothing and calls no grain. Safe from any thread.
/// </summary>
internal sealed class Router(LocalTrie<Subscribers> trie)
{
    [ThreadStatic] private static Scratch? _scratch;

    /// <summary>
    /// Adds to <paramref name="receivers"/> every subscriber that gets the message, each once, and one member of each Shared Subscription.
    /// </summary>
    /// <param name="topic">The Topic Name in UTF-8.</param>
    /// <param name="qos">The QoS at which the message was published.</param>
    /// <param name="retain">The RETAIN flag of the PUBLISH.</param>
    /// <param name="publisher">The publishing session, for No Local and share strategies; null for the will of a session that is gone.</param>
    /// <param name="receivers">A list that the caller clears and uses again.</param>
    /// <returns>False when no subscription matched.</returns>
    public bool Route(ReadOnlySpan<byte> topic, QoS qos, bool retain, ISubscriber? publisher, List<Receiver> receivers)
    {
        var scratch = _scratch ??= new Scratch();
        trie.Match(topic, ref scratch.Matches);
        var sets = scratch.Matches.AsSpan();
        var isMatched = sets.Length == 1 && sets[0].Shares.Length == 0
            ? AddAll(sets[0], qos, retain, publisher, receivers)
            : Merge(sets, topic, qos, retain, publisher, receivers, scratch.Places);
        scratch.Matches.Clear();
        return isMatched;
    }

    /// <summary>Chooses a member for a message whose first choice ended before it had the message; false when no member is left.</summary>
    /// <inheritdoc cref="Route"/>
    public static bool TryPickAgain(SharedSubscription share, ReadOnlySpan<byte> topic, QoS qos, bool retain, out Receiver receiver)
    {
        var member = share.Pick(publisher: 0, HashOf(topic));
        receiver = member is null ? default : ReceiverOf(member, qos, retain);
        return member is not null;
    }

    /// <summary>The common case, one filter: no subscriber can occur twice.</summary>
    private static bool AddAll(Subscribers subscribers, QoS qos, bool retain, ISubscriber? publisher, List<Receiver> receivers)
    {
        foreach (var subscription in subscribers)
        {
            if (!IsOwnEcho(subscription, publisher))
            {
                receivers.Add(ReceiverOf(subscription, qos, retain));
            }
        }

        return true;
    }

    private static bool Merge(
        ReadOnlySpan<Subscribers> sets, ReadOnlySpan<byte> topic, QoS qos, bool retain, ISubscriber? publisher, List<Receiver> receivers,
        Dictionary<ISubscriber, int> places)
    {
        var isMatched = false;
        foreach (var set in sets)
        {
            foreach (var subscription in set)
            {
                isMatched = true;
                if (!IsOwnEcho(subscription, publisher))
                {
                    Merge(ReceiverOf(subscription, qos, retain), receivers, places);
                }
            }

            foreach (var share in set.Shares)
            {
                if (share.Pick(publisher?.ClientHash ?? 0, HashOf(topic)) is { } member)
                {
                    isMatched = true;
                    receivers.Add(ReceiverOf(member, qos, retain)); // a share group's copy is apart from the session's own subscriptions
                }
            }
        }

        places.Clear();
        return isMatched;
    }

    /// <summary>Overlapping subscriptions: one copy at the highest QoS with all identifiers. [MQTT-3.3.4-2] [MQTT-3.3.4-3]</summary>
    private static void Merge(in Receiver receiver, List<Receiver> receivers, Dictionary<ISubscriber, int> places)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, receiver.Subscriber, out var isKnown);
        if (!isKnown)
        {
            place = receivers.Count;
            receivers.Add(receiver);
            return;
        }

        ref var merged = ref CollectionsMarshal.AsSpan(receivers)[place];
        merged.QoS = (QoS)Math.Max((byte)merged.QoS, (byte)receiver.QoS);
        merged.Retain |= receiver.Retain;
        if (receiver.Identifiers.Length > 0)
        {
            merged.Identifiers = [.. merged.Identifiers, .. receiver.Identifiers];
        }
    }

    private static Receiver ReceiverOf(Subscription subscription, QoS qos, bool retain) => new()
    {
        Subscriber = subscription.Subscriber,
        Identifiers = subscription.Identifiers,
        Share = subscription.Share,
        QoS = qos < subscription.MaximumQoS ? qos : subscription.MaximumQoS, // [MQTT-3.8.4-8]
        Retain = retain && subscription.RetainAsPublished, // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
    };

    /// <summary>[MQTT-3.8.3-3]</summary>
    private static bool IsOwnEcho(Subscription subscription, ISubscriber? publisher) =>
        subscription.NoLocal && subscription.Subscriber.Main == publisher?.Main;

    private static ulong HashOf(ReadOnlySpan<byte> topic)
    {
        var hash = new HashCode();
        hash.AddBytes(topic);
        return (ulong)hash.ToHashCode() * 0x9E3779B97F4A7C15; // 2^64 / golden ratio: spreads 32 bits over 64
    }

    /// <summary>Memory of one call, kept for the thread's next one. A call runs to its end without a second one beginning.</summary>
    private sealed class Scratch
    {
        public MatchList<Subscribers> Matches;

        /// <summary>Where in the list of receivers a subscriber stands.</summary>
        public readonly Dictionary<ISubscriber, int> Places = [];
    }
}
