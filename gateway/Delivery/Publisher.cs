using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>
/// Publishes a message: finds its receivers and gives it to each. What a client publishes comes from its handler; wills are published here
/// on behalf of the server, by the same steps.
/// </summary>
internal sealed class Publisher(Router router, RetainedMessages retained, TimerWheel wheel)
{
    /// <summary>Gives the message to every session that subscribed; false when no subscription matched.</summary>
    public bool Deliver(in Message message, SessionPart? publisher, Burst burst)
    {
        var receivers = burst.Receivers;
        var isMatched = router.Route(message.Topic, message.QoS, message.Retain, publisher, receivers);
        foreach (ref readonly var receiver in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(receivers))
        {
            Deliver(message, receiver, burst);
        }

        receivers.Clear();
        burst.StoreAll();
        return isMatched;
    }

    /// <summary>Gives messages of Shared Subscriptions, whose first receiver ended, to other members. Those without a member left are dropped.</summary>
    public void DeliverAgain(List<QueuedDelivery> deliveries)
    {
        var burst = Burst.Rent();
        foreach (var delivery in deliveries)
        {
            var message = delivery.Message;
            if (delivery.Share is { } share && Router.TryPickAgain(share, message.Topic, message.QoS, message.Retain, out var receiver))
            {
                Deliver(message, receiver, burst);
            }
        }

        burst.Flush();
        burst.Return();
    }

    /// <summary>Completes with whether every shard that the message needs has it; false: a disk is full, or did not answer for too long.</summary>
    public async Task<bool> PublishAsync(Message message, SessionPart? publisher)
    {
        var burst = Burst.Rent();
        message = message.PublishedAt(wheel.UnixNow);
        Deliver(message, publisher, burst);
        if (message.Retain)
        {
            retained.Set(message, burst);
        }

        burst.Flush();
        var ticket = burst.Ticket;
        burst.Return();
        return ticket is null || await ticket.ConfigureAwait(false) == SessionResult.Ok;
    }

    private static void Deliver(in Message message, in Receiver receiver, Burst burst)
    {
        var delivery = new QueuedDelivery
        {
            Message = message,
            SubscriptionIdentifiers = receiver.Identifiers,
            Share = receiver.Share,
            QoS = receiver.QoS,
            Retain = receiver.Retain,
        };
        ((SessionPart)receiver.Subscriber).Deliver(delivery, burst); // only sessions and their parts subscribe
    }
}
