using GrainMQ.Gateway.Connections;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>The lanes to all store shards.</summary>
internal sealed class StoreLanes(Func<int, OfflineLane> create, DirectoryClient directory)
{
    private readonly Lazy<OfflineLane[]> _lanes = new(() => [.. Enumerable.Range(0, directory.View.StoreShards).Select(create)]);

    /// <summary>Hands a delivery to the store, which keeps it for the session; the burst's acknowledgement waits for it.</summary>
    public void Queue(Session session, in QueuedDelivery delivery, Burst burst)
    {
        var lane = LaneOf(session.Key);
        burst.Await(lane, Add(lane, session, delivery));
    }

    /// <summary>As <see cref="Queue"/>, on nobody's behalf.</summary>
    public Task<SessionResult> Queue(Session session, in QueuedDelivery delivery)
    {
        var lane = LaneOf(session.Key);
        var ticket = Add(lane, session, delivery);
        lane.Flush();
        return ticket;
    }

    /// <summary>Completed when nothing for this session is under way any more.</summary>
    public Task DrainedAsync(string key) => LaneOf(key).DrainedAsync();

    private static Task<SessionResult> Add(OfflineLane lane, Session session, in QueuedDelivery delivery)
    {
        var target = new QueueTarget(session.Key, (byte)delivery.QoS, delivery.Retain, delivery.SubscriptionIdentifiers);
        return lane.Add(new OfflineLane.Entry(delivery.Message, [target]), delivery.Length);
    }

    private OfflineLane LaneOf(string key) => _lanes.Value[StoreShard.Of(key, _lanes.Value.Length)];
}
