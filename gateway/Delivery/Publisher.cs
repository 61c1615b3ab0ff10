using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>
/// Publishes a message: finds its receivers and gives it to each. What a client publishes comes from its handler; wills are published here
/// on behalf of the server, by the same steps.
/// </summary>
internal sealed class Publisher(Router router, RetainedMessages retained, TimerWheel wheel, StoreShards shards, GatewayMetrics metrics) : IMessagePublisher
{
    /// <summary>What may wait in a session that ends with its connection before nothing more is handed over to it.</summary>
    private const int MostWaiting = 100;

    /// <summary>Gives the message to every session that subscribed; false when no subscription matched.</summary>
    /// <param name="message">The message.</param>
    /// <param name="publisher">The publishing session; null for the will of a session that is gone.</param>
    /// <param name="origin">See <see cref="QueuedPublication"/>.</param>
    /// <param name="dispatch">Gets what the deliveries set off.</param>
    /// <param name="commit">Completes when the message is in the queues of all durable sessions; null: there are none.</param>
    public bool Deliver(in Message message, ISubscriber? publisher, MessageOrigin? origin, Dispatch dispatch, out Task<SessionResult>? commit)
    {
        var delivering = new Delivering(message, dispatch.Burst);
        var matched = router.Route(message.Topic, message.QoS, message.Retain, publisher, ref delivering);
        dispatch.Matched += matched;
        commit = dispatch.Burst.Store.Commit(origin);
        return matched > 0;
    }

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

    public async Task<(List<long> Done, bool IsAnyGiven)> HandOverAsync(int shard, EndedQueue queue, PendingMessage[] messages)
    {
        var (done, stored, lost) = (new List<long>(), new List<(long Number, Task<SessionResult> Commit)>(), 0);
        var burst = Burst.Rent();
        foreach (var pending in messages)
        {
            if (!Message.TryRead(pending.Message, out var message) || pending.Share is not { } share
                || !router.TryPickAgain(share, message.Topic, message.QoS, message.Retain, out var receiver))
            {
                done.Add(pending.Sequence);
                lost++;
                continue;
            }

            var part = (SessionPart)receiver.Subscriber; // only sessions and their parts subscribe
            if (!part.IsDurable && part.Waiting >= MostWaiting)
            {
                break;
            }

            Deliver(message, receiver, burst);
            var isSameShard = shards.Of(part.Key) == shard;
            var commit = burst.Store.Commit(origin: null, isSameShard ? new QueueSource(queue.Key, pending.Sequence) : null);
            if (commit is null && receiver.Subscriber.HasEnded)
            {
                break; // it did not take it: another one is chosen later
            }

            if (commit is null)
            {
                done.Add(pending.Sequence);
            }
            else
            {
                stored.Add((isSameShard ? 0 : pending.Sequence, commit));
            }
        }

        _ = burst.Flush(); // each message has its own commit
        burst.Return();
        metrics.Dropped(DropReason.SessionEnded, lost);
        var isAnyGiven = done.Count > 0;
        foreach (var (number, commit) in stored)
        {
            if (await commit.ConfigureAwait(false) == SessionResult.Ok)
            {
                isAnyGiven = true;
                done.AddRange(number == 0 ? [] : [number]);
            }
        }

        return (done, isAnyGiven);
    }

    public async Task<bool> PublishAsync(Message message, ISubscriber? publisher)
    {
        var dispatch = Dispatch.Rent();
        message = message.PublishedAt(wheel.UnixNow);
        Deliver(message, publisher, origin: null, dispatch, out var commit);
        if (message.Retain)
        {
            commit = commit.And(retained.Set(message, dispatch.Burst));
        }

        dispatch.Flush();
        dispatch.Return();
        return commit is null || await commit.ConfigureAwait(false) == SessionResult.Ok;
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

    private readonly ref struct Delivering(in Message message, Burst burst) : IReceiverVisitor
    {
        private readonly ref readonly Message _message = ref message;

        public void Visit(in Receiver receiver) => Deliver(_message, receiver, burst);
    }
}
