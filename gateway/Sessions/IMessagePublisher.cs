using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Routing;

namespace GrainMQ.Gateway.Sessions;

/// <summary>What sessions ask of delivery, which stands above them.</summary>
internal interface IMessagePublisher
{
    /// <summary>Publishes a message on behalf of the server: a will.</summary>
    /// <param name="message">The message.</param>
    /// <param name="publisher">The session that it is published for; null when it is gone.</param>
    /// <returns>Whether every shard that the message needs has it; false: a disk is full, or did not answer for too long.</returns>
    Task<bool> PublishAsync(Message message, ISubscriber? publisher);

    /// <summary>Gives messages of Shared Subscriptions, whose first receiver ended, to other members. Those without a member left are dropped.</summary>
    void DeliverAgain(List<QueuedDelivery> deliveries);
}
