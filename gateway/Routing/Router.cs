using System.Runtime.InteropServices;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Step 2 of the live path: from a message to the sessions that get it. No grain is called; a session that outlives its connection
/// leaves it to the store's lane.
/// </summary>
internal sealed class Router(LocalTrie<Subscribers> trie)
{
    /// <summary>Gives the message to every session that subscribed; false when nobody did.</summary>
    /// <param name="publisher">The publishing session, for No Local and share strategies; null for wills of sessions that are gone.</param>
    public bool Route(in Message message, SessionPart? publisher, Burst burst)
    {
        burst.Matches.Clear();
        trie.Match(message.Topic, ref burst.Matches);
        var sets = burst.Matches.AsSpan();
        var any = sets.Length == 1 && sets[0].Shares.Length == 0
            ? RouteToOne(message, sets[0], publisher, burst)
            : RouteToSome(message, sets, publisher, burst);
        burst.StoreAll();
        return any;
    }

    private static bool RouteToSome(in Message message, ReadOnlySpan<Subscribers> sets, SessionPart? publisher, Burst burst)
    {
        var any = false;
        foreach (var set in sets)
        {
            any |= Gather(message, set, publisher, burst);
        }

        foreach (ref var receiver in CollectionsMarshal.AsSpan(burst.Receivers))
        {
            Deliver(message, receiver, burst);
        }

        burst.Receivers.Clear();
        burst.ReceiverIndex.Clear();
        return any;
    }

    /// <summary>Chooses another member for a message whose first choice ended; false when there is none.</summary>
    public static bool Redispatch(in QueuedDelivery delivery, Burst burst)
    {
        if (delivery.Share?.Pick(0, HashOf(delivery.Message.Topic)) is not { } member)
        {
            return false;
        }

        Deliver(delivery.Message, ReceiverOf(member, delivery.Message), burst);
        return true;
    }

    /// <summary>The common case, one filter: no session can occur twice.</summary>
    private static bool RouteToOne(in Message message, Subscribers subscribers, SessionPart? publisher, Burst burst)
    {
        foreach (var subscription in subscribers)
        {
            if (!IsOwnEcho(subscription, publisher))
            {
                Deliver(message, ReceiverOf(subscription, message), burst);
            }
        }

        return true;
    }

    private static bool Gather(in Message message, Subscribers subscribers, SessionPart? publisher, Burst burst)
    {
        var any = false;
        foreach (var subscription in subscribers)
        {
            any = true;
            if (!IsOwnEcho(subscription, publisher))
            {
                Merge(ReceiverOf(subscription, message), burst);
            }
        }

        foreach (var share in subscribers.Shares)
        {
            if (share.Pick(publisher?.ClientHash ?? 0, HashOf(message.Topic)) is { } member)
            {
                any = true;
                burst.Receivers.Add(ReceiverOf(member, message)); // a share group's copy is apart from the session's own subscriptions
            }
        }

        return any;
    }

    /// <summary>Overlapping subscriptions: one copy at the highest QoS with all identifiers. [MQTT-3.3.4-2] [MQTT-3.3.4-3]</summary>
    private static void Merge(in Burst.Receiver receiver, Burst burst)
    {
        ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(burst.ReceiverIndex, receiver.Session, out var known);
        if (!known)
        {
            index = burst.Receivers.Count;
            burst.Receivers.Add(receiver);
            return;
        }

        ref var merged = ref CollectionsMarshal.AsSpan(burst.Receivers)[index];
        merged.QoS = (QoS)Math.Max((byte)merged.QoS, (byte)receiver.QoS);
        merged.Retain |= receiver.Retain;
        if (receiver.Identifiers.Length > 0)
        {
            merged.Identifiers = [.. merged.Identifiers, .. receiver.Identifiers];
        }
    }

    private static Burst.Receiver ReceiverOf(Subscription subscription, in Message message) => new()
    {
        Session = subscription.Session,
        Identifiers = subscription.Identifiers,
        Share = subscription.Share,
        QoS = message.QoS < subscription.MaximumQoS ? message.QoS : subscription.MaximumQoS, // [MQTT-3.8.4-8]
        Retain = message.Retain && subscription.RetainAsPublished, // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
    };

    private static void Deliver(in Message message, in Burst.Receiver receiver, Burst burst)
    {
        var delivery = new QueuedDelivery
        {
            Message = message,
            SubscriptionIdentifiers = receiver.Identifiers,
            Share = receiver.Share,
            QoS = receiver.QoS,
            Retain = receiver.Retain,
        };
        receiver.Session.Deliver(delivery, burst);
    }

    /// <summary>[MQTT-3.8.3-3]</summary>
    private static bool IsOwnEcho(Subscription subscription, SessionPart? publisher) => subscription.NoLocal && subscription.Session.Main == publisher?.Main;

    private static ulong HashOf(ReadOnlySpan<byte> topic)
    {
        var hash = new HashCode();
        hash.AddBytes(topic);
        return (ulong)hash.ToHashCode() * 0x9E3779B97F4A7C15;
    }
}
