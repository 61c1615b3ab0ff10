using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>Publishes on behalf of the server itself: wills. The same steps as a client's PUBLISH takes.</summary>
internal sealed class Publisher(Router router, RetainedMessages retained, TimerWheel wheel)
{
    /// <summary>Completes with whether every shard that the message needs has it; false: a disk is full, or did not answer for too long.</summary>
    public async Task<bool> PublishAsync(Message message, SessionPart? publisher)
    {
        var burst = Burst.Rent();
        message = message.PublishedAt(wheel.UnixNow);
        router.Route(message, publisher, burst);
        if (message.Retain)
        {
            retained.Set(message, burst);
        }

        burst.Flush();
        var ticket = burst.Ticket;
        burst.Return();
        return ticket is null || await ticket.ConfigureAwait(false) == SessionResult.Ok;
    }
}
