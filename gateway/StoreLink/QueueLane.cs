using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// Messages for durable sessions on their way to one store shard. One message for many sessions travels once. What the shard has
/// committed and numbered is given to the sessions that are connected here.
/// </summary>
internal sealed class QueueLane(
    ISessionStoreGrain shard, GatewayRef gateway, TimeProvider time, GatewayMetrics metrics, ILogger<QueueLane> logger)
    : ShardLane<QueueLane.Entry>(time)
{
    protected override async Task<SessionResult> SendAsync(Entry[] entries, long sequence)
    {
        var batch = Array.ConvertAll(entries, static entry => entry.ToRecord());
        var reply = await shard.QueueAsync(new QueueBatch(gateway, sequence, batch)).ConfigureAwait(false);
        metrics.Dropped(DropReason.QueueFull, reply.Dropped);
        if (reply.Result == SessionResult.Ok)
        {
            Deliver(entries, reply.Sequences);
        }

        return reply.Result;
    }

    protected override void OnFailed(Exception? exception, Entry[] entries) => DeliveryLog.QueueBatchFailed(logger, entries.Length, exception);

    /// <summary>In the order of their numbers, before any publisher is answered. A repeated batch has none: sessions look for themselves.</summary>
    private static void Deliver(Entry[] entries, long[]? sequences)
    {
        var burst = Burst.Rent();
        var index = 0;
        foreach (var entry in entries)
        {
            foreach (var receiver in entry.Receivers)
            {
                if (sequences is null)
                {
                    receiver.Session.LookForStored();
                }
                else if (sequences[index++] is > 0 and var number)
                {
                    receiver.Session.DeliverStored(receiver.DeliveryOf(entry.Message, number), burst);
                }
            }
        }

        burst.Flush();
        burst.Return();
    }

    internal readonly record struct Entry(Message Message, MessageOrigin? Origin, List<Receiver> Receivers)
    {
        public QueueEntry ToRecord() =>
            new(Message.ToArray(), Message.ExpiresAt, [.. Receivers.Select(static receiver => receiver.ToRecord())], Origin);
    }

    internal readonly record struct Receiver(SessionPart Session, QoS QoS, bool Retain, uint[] Identifiers, Routing.SharedSubscription? Share)
    {
        public QueueTarget ToRecord() => new(Session.Key, (byte)QoS, Retain, Identifiers, Session.Main.Epoch);

        public QueuedDelivery DeliveryOf(in Message message, long sequence) => new()
        {
            Message = message,
            SubscriptionIdentifiers = Identifiers,
            Share = Share,
            QoS = QoS,
            Retain = Retain,
            Sequence = sequence,
        };
    }
}
