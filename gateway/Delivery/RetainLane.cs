using GrainMQ.Gateway.Connections;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Delivery;

/// <summary>Retained messages on their way to one shard, in the order in which they were published. [MQTT-3.3.1-5]</summary>
internal sealed class RetainLane(
    IRetainGrain shard, string tenant, GatewayRef gateway, TimeProvider time, GatewayMetrics metrics, ILogger<RetainLane> logger)
    : ShardLane<RetainEntry>(time)
{
    protected override async Task<SessionResult> SendAsync(RetainEntry[] entries, long sequence)
    {
        var reply = await shard.SetAsync(new RetainBatch(tenant, gateway, sequence, entries)).ConfigureAwait(false);
        if (reply.Refused.Length == 0)
        {
            return reply.Result;
        }

        metrics.Dropped(DropReason.RetainQuota, reply.Refused.Length);
        DeliveryLog.RetainQuotaReached(logger, entries[reply.Refused[0]].Topic, reply.Refused.Length);
        return SessionResult.Quota;
    }

    protected override void OnFailed(Exception? exception, int entries) => DeliveryLog.RetainBatchFailed(logger, entries, exception);
}
