using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <content>The hanging polls of the gateways: news of detached sessions, acks of it, due wills, and queues to be read.</content>
internal sealed partial class SessionStoreGrain
{
    private const int MaxWaitMilliseconds = 10_000;
    private const int MaxWorkItems = 256;
    private const int MaxWorkBytes = 1 << 20;

    private readonly Dictionary<string, StorePoll> _polls = [];
    private readonly BehindSessions _behind = new();
    private long _announced;
    private long _wakeAt = long.MaxValue;

    public async Task<StorePollReply> PollAsync(StorePoll poll)
    {
        if (stop.HasBegun && poll.WaitMilliseconds > 0)
        {
            throw Moving(); // answered, it would come again at once, until the silo deactivates its grains
        }

        var deadline = Now() + Math.Clamp(poll.WaitMilliseconds, 0, MaxWaitMilliseconds);
        var acked = poll.ShardEpoch == Epoch ? poll.AckedVersion : -1;
        Enter(poll, acked);
        try
        {
            if (poll.CompletedWork.Length > 0 && await CompleteAsync(poll.CompletedWork) != SessionResult.Ok)
            {
                throw Moving(); // answered, the gateway would forget what it has published
            }

            return await AnswerAsync(poll, acked, deadline);
        }
        finally
        {
            if (_polls.GetValueOrDefault(poll.Gateway.Id) == poll)
            {
                _polls.Remove(poll.Gateway.Id);
            }
        }
    }

    /// <summary>A gateway has one poll at a time: a newer one ends those that still hang, which nobody reads any more.</summary>
    private void Enter(StorePoll poll, long acked)
    {
        if (_polls.ContainsKey(poll.Gateway.Id))
        {
            _news.Raise();
        }

        _polls[poll.Gateway.Id] = poll;
        _watch.Heard(poll.Gateway, Now());
        _watch.Seen(poll.Live);
        if (acked < 0)
        {
            return;
        }

        _watch.Acked(poll.Gateway, acked);
        _acks.Raise();
    }

    private async Task<StorePollReply> AnswerAsync(StorePoll poll, long acked, long deadline)
    {
        while (true)
        {
            var now = Begin();
            await LoseSilentAsync(now);
            var isLatest = ReferenceEquals(_polls.GetValueOrDefault(poll.Gateway.Id), poll);
            var work = isLatest ? await LeaseAsync(poll.Gateway, now) : [];
            await DemandCurrentAsync();
            var behind = isLatest ? _behind.Take(poll.Gateway, now) : [];
            if (work.Length > 0 || behind.Length > 0 || _table.Interest.Version != acked || now >= deadline || stop.HasBegun || !isLatest)
            {
                return Reply(acked, work) with { Behind = behind };
            }

            _wakeAt = Math.Min(_table.NextDue, NextLoss());
            await _news.WaitAsync(Math.Max(1, Math.Min(deadline, _wakeAt) - now));
        }
    }

    private StorePollReply Reply(long acked, DueWill[] work)
    {
        var version = _table.Interest.Version;
        return _table.Interest.TryGetSince(acked, out var deltas)
            ? new StorePollReply(Epoch, version, false, deltas, work)
            : new StorePollReply(Epoch, version, true, _table.Interest.Snapshot(), work);
    }

    private async ValueTask<DueWill[]> LeaseAsync(GatewayRef gateway, long now)
    {
        if (!_table.Work.HasAvailable || !await Writer.HasSpaceAsync())
        {
            return []; // a will that could not be stored for those who subscribed would be lost: it waits for space
        }

        var work = _table.Work.Available(MaxWorkItems, MaxWorkBytes);
        if (work.Length == 0)
        {
            return work;
        }
        // committed before it is handed out: after a fault nobody else gets it until the lease has lapsed
        var leased = new WorkLeased(now, gateway, [.. work.Select(item => item.Id)]);
        _table.Work.Lease(gateway, now, leased.Ids);
        return await CommitAsync(leased, true) == SessionResult.Ok ? work : [];
    }

    public Task<SessionResult> CompleteWillsAsync(PublishedWills wills) => CompleteAsync(wills.Ids);

    private async Task<SessionResult> CompleteAsync(long[] ids)
    {
        if (IsOver)
        {
            return SessionResult.Busy;
        }

        var now = Begin();
        _table.Work.Complete(ids);
        return OnceMore(await CommitAsync(new WorkCompleted(now, ids), true));
    }

    private async ValueTask LoseSilentAsync(long now)
    {
        foreach (var gateway in _table.Owners.Gateways.Where(gateway => _watch.LostAt(gateway) <= now).ToArray())
        {
            LogGatewayLost(logger, _shard, gateway.Id, gateway.Incarnation);
            _table.Lose(gateway, now);
            _watch.Forget(gateway);
            _behind.Forget(gateway);
            await CommitAsync(new GatewayLost(now, gateway), true);
        }
    }

    private long NextLoss() => _table.Owners.Gateways.Min(gateway => _watch.LostAt(gateway)) ?? long.MaxValue;

    /// <summary>Whether every gateway routes to the sessions announced until now, at the latest when the preset's time is up.</summary>
    private async Task<bool> IsAnnouncedAsync(long began)
    {
        var version = _table.Interest.Version;
        var deadline = began + (long)options.Value.PresetTimeout.TotalMilliseconds;
        for (var now = began; !IsOver && !_watch.AllAcked(version); now = Now())
        {
            if (now >= deadline || stop.HasBegun)
            {
                return false;
            }

            await _acks.WaitAsync(deadline - now);
        }
        return !IsOver;
    }

    /// <summary>Another gateway has queued something for connected sessions: theirs hear of it.</summary>
    private void Tell(IReadOnlyCollection<(GatewayRef Gateway, string Key)> behind)
    {
        foreach (var (gateway, key) in behind)
        {
            _behind.Add(gateway, key);
        }

        if (behind.Count > 0)
        {
            _news.Raise();
        }
    }

    /// <summary>Wakes the polls when there is news for them, or something is due before they would wake.</summary>
    private void Announce()
    {
        Measure();
        if (_table.Interest.Version == _announced && !_table.Work.HasAvailable && _table.NextDue >= _wakeAt)
        {
            return;
        }

        _announced = _table.Interest.Version;
        _news.Raise();
    }
}
