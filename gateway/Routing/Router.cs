using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Finds the subscribers that a message goes to. It delivers nothing and calls no grain. Safe from any thread.
/// </summary>
internal sealed class Router(LocalTrie<Subscribers> trie)
{
    /// <summary>A message to more receivers than this is rare enough to get its list anew: 2 MB.</summary>
    private const int MostReceiversKept = 1 << 16;

    [ThreadStatic] private static Scratch? _scratch;

    /// <summary>
    /// Shows the visitor every subscriber that gets the message, each once, and one member of each Shared Subscription.
    /// </summary>
    /// <param name="topic">The Topic Name in UTF-8.</param>
    /// <param name="qos">The QoS at which the message was published.</param>
    /// <param name="retain">The RETAIN flag of the PUBLISH.</param>
    /// <param name="publisher">The publishing session, for No Local and share strategies; null for the will of a session that is gone.</param>
    /// <param name="visitor">A struct, so that the common case stores no receiver anywhere.</param>
    /// <returns>How many subscriptions matched, which is also a measure of the work.</returns>
    public int Route<TVisitor>(ReadOnlySpan<byte> topic, QoS qos, bool retain, ISubscriber? publisher, ref TVisitor visitor)
        where TVisitor : struct, IReceiverVisitor, allows ref struct
    {
        var scratch = _scratch ?? new Scratch();
        _scratch = null; // a visitor may route another message
        trie.Match(topic, ref scratch.Matches);
        var sets = scratch.Matches.AsSpan();
        var matched = sets.Length == 1 && sets[0].Shares.Length == 0
            ? VisitAll(sets[0], qos, retain, publisher, ref visitor)
            : MergeAndVisit(sets, topic, qos, retain, publisher, scratch, ref visitor);
        scratch.Matches.Clear();
        _scratch = scratch;
        return matched;
    }

    /// <summary>Chooses a member for a message whose first choice ended before it had the message; false when no member is left.</summary>
    /// <inheritdoc cref="Route{TVisitor}"/>
    public static bool TryPickAgain(SharedSubscription share, ReadOnlySpan<byte> topic, QoS qos, bool retain, out Receiver receiver)
    {
        var member = share.Pick(publisher: 0, HashOf(topic));
        receiver = member is null ? default : ReceiverOf(member, qos, retain);
        return member is not null;
    }

    /// <summary>The same for a message that the store has kept, by the filter of its Shared Subscription.</summary>
    public bool TryPickAgain(string share, ReadOnlySpan<byte> topic, QoS qos, bool retain, out Receiver receiver)
    {
        var shares = TopicFilter.TryParseShared(share, out _, out var filter) ? trie.Find(filter)?.Shares ?? [] : [];
        foreach (var chunk in shares)
        {
            if (Array.Find(chunk, one => one.Filter == share) is { } found)
            {
                return TryPickAgain(found, topic, qos, retain, out receiver);
            }
        }

        receiver = default;
        return false;
    }

    /// <summary>The common case, one filter: no subscriber can occur twice.</summary>
    private static int VisitAll<TVisitor>(Subscribers subscribers, QoS qos, bool retain, ISubscriber? publisher, ref TVisitor visitor)
        where TVisitor : struct, IReceiverVisitor, allows ref struct
    {
        var matched = 0;
        foreach (var subscription in subscribers)
        {
            matched++;
            if (!IsOwnEcho(subscription, publisher))
            {
                visitor.Visit(ReceiverOf(subscription, qos, retain));
            }
        }

        return matched;
    }

    /// <summary>Several filters match, or shares. Not inlined into the common case, which it would make slower.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int MergeAndVisit<TVisitor>(
        ReadOnlySpan<Subscribers> sets, ReadOnlySpan<byte> topic, QoS qos, bool retain, ISubscriber? publisher, Scratch scratch, ref TVisitor visitor)
        where TVisitor : struct, IReceiverVisitor, allows ref struct
    {
        var matched = Merge(sets, topic, qos, retain, publisher, scratch);
        scratch.Identifiers.AddTo(CollectionsMarshal.AsSpan(scratch.Receivers));
        foreach (ref readonly var receiver in CollectionsMarshal.AsSpan(scratch.Receivers))
        {
            visitor.Visit(receiver);
        }

        scratch.Receivers.Clear();
        if (scratch.Receivers.Capacity > MostReceiversKept)
        {
            scratch.Receivers.Capacity = 0;
        }

        return matched;
    }

    private static int Merge(
        ReadOnlySpan<Subscribers> sets, ReadOnlySpan<byte> topic, QoS qos, bool retain, ISubscriber? publisher, Scratch scratch)
    {
        var matched = 0;
        foreach (var set in sets)
        {
            foreach (var subscription in set)
            {
                matched++;
                if (!IsOwnEcho(subscription, publisher))
                {
                    Merge(ReceiverOf(subscription, qos, retain), scratch);
                }
            }

            matched += set.Shares.Length == 0 ? 0 : Pick(set.Shares, topic, qos, retain, publisher, scratch.Receivers);
        }

        scratch.Places.Clear();
        return matched;
    }

    /// <summary>A copy for one member of each group, apart from the sessions' own subscriptions.</summary>
    private static int Pick(
        SharedSubscription[][] shares, ReadOnlySpan<byte> topic, QoS qos, bool retain, ISubscriber? publisher, List<Receiver> receivers)
    {
        var (matched, publisherHash, topicHash) = (0, publisher?.ClientHash ?? 0, HashOf(topic));
        foreach (var chunk in shares)
        {
            foreach (var share in chunk)
            {
                if (share.Pick(publisherHash, topicHash) is { } member)
                {
                    matched++;
                    receivers.Add(ReceiverOf(member, qos, retain));
                }
            }
        }

        return matched;
    }

    /// <summary>Overlapping subscriptions: one copy at the highest QoS with all identifiers. [MQTT-3.3.4-2] [MQTT-3.3.4-3]</summary>
    private static void Merge(in Receiver receiver, Scratch scratch)
    {
        var receivers = scratch.Receivers;
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(scratch.Places, receiver.Subscriber, out var isKnown);
        if (!isKnown)
        {
            place = receivers.Count;
            receivers.Add(receiver);
            return;
        }

        ref var merged = ref CollectionsMarshal.AsSpan(receivers)[place];
        merged.QoS = (QoS)Math.Max((byte)merged.QoS, (byte)receiver.QoS);
        merged.Retain |= receiver.Retain;
        scratch.Identifiers.Note(place, receiver.Identifiers);
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

    /// <summary>Memory of one call, kept for the thread's next one.</summary>
    private sealed class Scratch
    {
        public MatchList<Subscribers> Matches;

        public readonly List<Receiver> Receivers = [];

        /// <summary>Where in the list of receivers a subscriber stands.</summary>
        public readonly Dictionary<ISubscriber, int> Places = [];

        public readonly FurtherIdentifiers Identifiers = new();
    }
}
