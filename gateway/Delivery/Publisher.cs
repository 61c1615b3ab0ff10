using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Routing;

namespace GrainMQ.Gateway.Delivery;

/// <summary>Publishes on behalf of the server itself: wills. The same steps as a client's PUBLISH takes.</summary>
internal sealed class Publisher(Router router, RetainedMessages retained, TimerWheel wheel)
{
    /// <summary>Completes when every shard that the message needs has it.</summary>
    public async Task PublishAsync(Message message, Session? publisher)
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
        if (ticket is not null)
        {
            await ticket.ConfigureAwait(false);
        }
    }
}
