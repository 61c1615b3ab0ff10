using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions;

/// <summary>The hanging polls of the gateways: news of detached sessions and its acks, due wills, and queues to be read.</summary>
internal sealed class StorePolls(
    JournaledShard<SessionSnapshot, SessionChange> shard, StoreShardState state, LostGateways lost, GatewayWatch watch, InterestAcks acks,
    DueWillLeases wills, UnreadSessions unread, ShardTicks ticks, TimeProvider time, SiloStop stop)
{
    /// <summary>As <see cref="ISessionStoreGrain.PollAsync"/> says.</summary>
    private const int MaxWaitMilliseconds = 10_000;

    /// <summary>Queues of ended sessions in one answer.</summary>
    private const int MostEnded = 16;

    private readonly Dictionary<GatewayRef, StorePoll> _polls = [];
    private readonly ChangeSignal _news = new(time, stop.Token);
    private long _announced;
    private long _wakeAt = long.MaxValue;

    /// <exception cref="InvalidOperationException">The shard is moving, or its silo stops.</exception>
    public async Task<StorePollReply> PollAsync(StorePoll poll)
    {
        if (stop.HasBegun && poll.WaitMilliseconds > 0)
        {
            throw ShardMoving.Error(); // answered, it would come again at once, until the silo deactivates its grains
        }

        var deadline = shard.Now() + Math.Clamp(poll.WaitMilliseconds, 0, MaxWaitMilliseconds);
        var acked = poll.ShardEpoch == shard.Epoch ? poll.AckedVersion : -1;
        Enter(poll, acked);
        try
        {
            if (poll.CompletedWork.Length > 0 && await wills.CompleteAsync(poll.CompletedWork) != SessionResult.Ok)
            {
                throw ShardMoving.Error(); // answered, the gateway would forget what it has published
            }

            return await AnswerAsync(poll, acked, deadline);
        }
        finally
        {
            if (_polls.GetValueOrDefault(poll.Gateway) == poll)
            {
                _polls.Remove(poll.Gateway);
            }
        }
    }

    /// <summary>Notes sessions for which another gateway than their own has queued something: the polls name them.</summary>
    public void AddUnread(IReadOnlyCollection<(GatewayRef Gateway, string Key)> sessions)
    {
        foreach (var (gateway, key) in sessions)
        {
            unread.Add(gateway, key);
        }

        if (sessions.Count > 0)
        {
            _news.Raise();
        }
    }

    /// <summary>Wakes the polls if there is news for them, or something is due before they would wake.</summary>
    public void Wake()
    {
        if (state.Interest.Version == _announced && !state.Wills.HasAvailable && !state.Ended.HasAvailable && state.Lifecycle.NextDue >= _wakeAt)
        {
            return;
        }

        _announced = state.Interest.Version;
        _news.Raise();
    }

    /// <summary>Wakes the polls because the activation ends.</summary>
    public void End() => _news.Raise();

    /// <summary>Takes the place of the gateway's poll that still hangs, and ends that one: its answer is not read any more.</summary>
    private void Enter(StorePoll poll, long acked)
    {
        if (_polls.ContainsKey(poll.Gateway))
        {
            _news.Raise();
        }

        _polls[poll.Gateway] = poll;
        watch.Heard(poll.Gateway, shard.Now());
        watch.Seen(poll.Live, poll.Oldest);
        if (acked >= 0)
        {
            acks.Note(poll.Gateway, acked);
        }
    }

    private async Task<StorePollReply> AnswerAsync(StorePoll poll, long acked, long deadline)
    {
        while (true)
        {
            var now = shard.Begin();
            await lost.DisconnectAsync(now);
            await ticks.NoteAsync(now);
            var isLatest = ReferenceEquals(_polls.GetValueOrDefault(poll.Gateway), poll);
            var due = isLatest ? await wills.LeaseAsync(poll.Gateway, now) : [];
            await shard.DemandCurrentAsync();
            var toRead = isLatest ? unread.TakeUntold(poll.Gateway, now) : [];
            var ended = isLatest && poll.WaitMilliseconds > 0 ? state.Ended.Take(MostEnded, now) : []; // not for a gateway that stops
            if (due.Length > 0 || toRead.Length > 0 || ended.Length > 0 || state.Interest.Version != acked || now >= deadline || stop.HasBegun || !isLatest)
            {
                return Reply(acked, due) with { Behind = toRead, Now = now, Ended = ended };
            }

            _wakeAt = Math.Min(state.Lifecycle.NextDue, lost.NextLoss);
            await _news.WaitAsync(Math.Max(1, Math.Min(deadline, _wakeAt) - now));
        }
    }

    private StorePollReply Reply(long acked, DueWill[] due)
    {
        var version = state.Interest.Version;
        return state.Interest.TryGetSince(acked, out var deltas)
            ? new StorePollReply(shard.Epoch, version, false, deltas, due)
            : new StorePollReply(shard.Epoch, version, true, state.Interest.Snapshot(), due);
    }
}
