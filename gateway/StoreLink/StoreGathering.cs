using GrainMQ.Gateway.Messages;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// What one dispatch hands to shards: gathers the durable receivers of a message by shard while the message is routed, then adds one entry per
/// shard, and at the end has the lanes that got something sent. For one thread at a time; used again and again.
/// </summary>
internal sealed class StoreGathering
{
    private readonly List<(QueueLane Lane, QueuedPublication Publication)> _gathered = [];
    private readonly List<ILane> _toFlush = [];

    /// <summary>
    /// Adds a receiver to the message's entry for one shard. Called inside the session's gate: a CONNECT that passes the gate later finds the
    /// entry announced and waits for its commit.
    /// </summary>
    public void Add(QueueLane lane, in Message message, in DurableReceiver receiver)
    {
        foreach (var (other, publication) in _gathered)
        {
            if (other == lane && publication.Message.IsSameAs(message))
            {
                publication.Receivers.Add(receiver);
                return;
            }
        }

        lane.Announce();
        _gathered.Add((lane, new QueuedPublication(message, null, [receiver])));
    }

    /// <summary>Adds what was gathered to its lanes: every entry has all its receivers now.</summary>
    /// <param name="origin">See <see cref="QueuedPublication"/>.</param>
    /// <param name="source">See <see cref="QueuedPublication"/>.</param>
    /// <returns>Completes when every shard has its entry; null when no session keeps anything.</returns>
    public Task<SessionResult>? Commit(MessageOrigin? origin, QueueSource? source = null)
    {
        if (_gathered.Count == 0)
        {
            return null;
        }

        Task<SessionResult>? commit = null;
        foreach (var (lane, publication) in _gathered)
        {
            commit = commit.And(lane.AddAnnounced(publication with { Origin = origin, Source = source }, publication.Message.Length));
            FlushLater(lane);
        }

        _gathered.Clear();
        return commit;
    }

    /// <summary>Has a lane, to which something was added, sent with the others.</summary>
    public void FlushLater(ILane lane)
    {
        if (!_toFlush.Contains(lane))
        {
            _toFlush.Add(lane);
        }
    }

    /// <summary>Sends all lanes that got something.</summary>
    public void Flush()
    {
        foreach (var lane in _toFlush)
        {
            lane.Flush();
        }

        _toFlush.Clear();
    }
}
