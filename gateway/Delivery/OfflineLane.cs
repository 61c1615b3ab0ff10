using GrainMQ.Gateway.Connections;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Delivery;

/// <summary>Messages for sessions without a connection, on their way to one store shard. One message for many sessions travels once.</summary>
internal sealed class OfflineLane(
    ISessionStoreGrain shard, GatewayRef gateway, TimeProvider time, GatewayMetrics metrics, ILogger<OfflineLane> logger)
    : ShardLane<OfflineLane.Entry>(time)
{
    protected override void Append(List<Entry> entries, Entry entry)
    {
        if (entries.Count > 0 && entries[^1].Message.IsSameAs(entry.Message))
        {
            entries[^1].Targets.AddRange(entry.Targets);
            return;
        }

        entries.Add(entry);
    }

    protected override async Task<SessionResult> SendAsync(Entry[] entries, long sequence)
    {
        var batch = Array.ConvertAll(entries, entry => new QueueEntry(entry.Message.ToArray(), entry.Message.ExpiresAt, [.. entry.Targets]));
        var reply = await shard.QueueAsync(new QueueBatch(gateway, sequence, batch)).ConfigureAwait(false);
        metrics.Dropped(DropReason.QueueFull, reply.Dropped);
        return reply.Result;
    }

    protected override void OnFailed(Exception? exception, int entries) => DeliveryLog.OfflineBatchFailed(logger, entries, exception);

    internal readonly record struct Entry(Message Message, List<QueueTarget> Targets);
}
