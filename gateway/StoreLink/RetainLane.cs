using GrainMQ.Gateway.Connections;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>Retained messages on their way to one shard, in the order in which they were published. [MQTT-3.3.1-5]</summary>
internal sealed class RetainLane(
    IRetainGrain shard, string tenant, GatewayRef gateway, TimeProvider time, GatewayMetrics metrics, ILogger<RetainLane> logger)
    : ShardLane<RetainLane.Change>(time)
{
    /// <summary>Where the lane leads to.</summary>
    public IRetainGrain Shard => shard;

    /// <summary>Completes with the outcome of this one message; <see cref="SessionResult.Quota"/> does not concern the others of its batch.</summary>
    public async Task<SessionResult> Set(RetainEntry message, int length)
    {
        var change = new Change(message);
        var result = await Add(change, length).ConfigureAwait(false);
        return result == SessionResult.Ok && change.IsRefused ? SessionResult.Quota : result;
    }

    protected override async Task<SessionResult> SendAsync(Change[] changes, long sequence)
    {
        var batch = new RetainBatch(tenant, gateway, sequence, Array.ConvertAll(changes, static change => change.Message));
        var reply = await shard.SetAsync(batch).ConfigureAwait(false);
        if (reply.Refused.Length > 0)
        {
            Refuse(changes, reply.Refused);
        }

        return reply.Result;
    }

    protected override void OnFailed(Exception? exception, Change[] changes) => StoreLinkLog.RetainBatchFailed(logger, changes.Length, exception);

    private void Refuse(Change[] changes, int[] refused)
    {
        foreach (var index in refused)
        {
            changes[index].IsRefused = true;
        }

        metrics.Dropped(DropReason.RetainQuota, refused.Length);
        StoreLinkLog.RetainQuotaReached(logger, changes[refused[0]].Message.Topic, refused.Length);
    }

    /// <summary>One topic's new retained message, or its removal.</summary>
    internal sealed class Change(RetainEntry message)
    {
        public RetainEntry Message { get; } = message;

        public bool IsRefused { get; set; }
    }
}
