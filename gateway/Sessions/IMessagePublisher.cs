using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Routing;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>What sessions ask of delivery, which stands above them.</summary>
internal interface IMessagePublisher
{
    /// <summary>Publishes a message on behalf of the server: a will.</summary>
    /// <param name="message">The message.</param>
    /// <param name="publisher">The session that it is published for; null when it is gone.</param>
    /// <returns>Whether every shard that the message needs has it; false: a disk is full, or did not answer for too long.</returns>
    Task<bool> PublishAsync(Message message, ISubscriber? publisher);

    /// <summary>
    /// Gives messages that a session left in the store to other members of their Shared Subscriptions, in order, until one would have to wait
    /// for a client.
    /// </summary>
    /// <param name="shard">That has them.</param>
    /// <param name="queue">Where they are there. The store removes those itself that it gives to other sessions of the same shard.</param>
    /// <param name="messages">What is given; those without a member left are dropped.</param>
    /// <returns>The numbers of what else is done and is to be removed, and whether anything was given at all.</returns>
    Task<(List<long> Done, bool IsAnyGiven)> HandOverAsync(int shard, EndedQueue queue, PendingMessage[] messages);

    /// <summary>Gives messages of Shared Subscriptions, whose first receiver ended, to other members. Those without a member left are dropped.</summary>
    void DeliverAgain(List<QueuedDelivery> deliveries);
}
