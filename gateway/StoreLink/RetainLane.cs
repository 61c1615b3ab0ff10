using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>Retained messages on their way to one shard, in the order in which they were published. [MQTT-3.3.1-5]</summary>
internal sealed class RetainLane(
    IRetainGrain shard, string tenant, GatewayRef gateway, TimeProvider time, GatewayMetrics metrics, ILogger<RetainLane> logger)
    : ShardLane<RetainLane.Entry>(time)
{
    /// <summary>Where the lane leads to.</summary>
    public IRetainGrain Shard => shard;

    /// <summary>Completes with the outcome of this one message; <see cref="SessionResult.Quota"/> does not concern the others of its batch.</summary>
    public async Task<SessionResult> Set(RetainEntry message, int length)
    {
        var entry = new Entry(message);
        var result = await Add(entry, length).ConfigureAwait(false);
        return result == SessionResult.Ok && entry.IsRefused ? SessionResult.Quota : result;
    }

    protected override async Task<SessionResult> SendAsync(Entry[] entries, long sequence)
    {
        var batch = new RetainBatch(tenant, gateway, sequence, Array.ConvertAll(entries, entry => entry.Message));
        var reply = await shard.SetAsync(batch).ConfigureAwait(false);
        if (reply.Refused.Length > 0)
        {
            Refuse(entries, reply.Refused);
        }

        return reply.Result;
    }

    private void Refuse(Entry[] entries, int[] refused)
    {
        foreach (var index in refused)
        {
            entries[index].IsRefused = true;
        }

        metrics.Dropped(DropReason.RetainQuota, refused.Length);
        DeliveryLog.RetainQuotaReached(logger, entries[refused[0]].Message.Topic, refused.Length);
    }

    protected override void OnFailed(Exception? exception, Entry[] entries) => DeliveryLog.RetainBatchFailed(logger, entries.Length, exception);

    internal sealed class Entry(RetainEntry message)
    {
        public RetainEntry Message { get; } = message;

        public bool IsRefused { get; set; }
    }
}
