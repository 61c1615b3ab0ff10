using GrainMQ.Gateway.Connections;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// Messages for durable sessions on their way to one store shard. One message for many sessions travels once. What the shard has
/// committed and numbered is given to the sessions that are connected here.
/// </summary>
internal sealed class QueueLane(
    ISessionStoreGrain shard, GatewayRef gateway, TimeProvider time, GatewayMetrics metrics, ILogger<QueueLane> logger)
    : ShardLane<QueuedPublication>(time)
{
    protected override async Task<SessionResult> SendAsync(QueuedPublication[] publications, long sequence)
    {
        var batch = Array.ConvertAll(publications, static publication => publication.ToRecord());
        var reply = await shard.QueueAsync(new QueueBatch(gateway, sequence, batch)).ConfigureAwait(false);
        metrics.Dropped(DropReason.QueueFull, reply.Dropped);
        if (reply.Result == SessionResult.Ok)
        {
            Deliver(publications, reply.Sequences);
        }

        return reply.Result;
    }

    protected override void OnFailed(Exception? exception, QueuedPublication[] publications) =>
        StoreLinkLog.QueueBatchFailed(logger, publications.Length, exception);

    /// <summary>In the order of their numbers, before any publisher is answered. A repeated batch has none: sessions look for themselves.</summary>
    private static void Deliver(QueuedPublication[] publications, long[]? sequences)
    {
        var burst = Burst.Rent();
        var index = 0;
        foreach (var publication in publications)
        {
            foreach (var receiver in publication.Receivers)
            {
                if (sequences is null)
                {
                    receiver.Session.LookForStored();
                }
                else if (sequences[index++] is > 0 and var number)
                {
                    receiver.Session.DeliverStored(receiver.DeliveryOf(publication.Message, number), burst);
                }
            }
        }

        burst.Flush();
        burst.Return();
    }
}
