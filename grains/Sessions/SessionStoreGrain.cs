using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Compaction;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// One shard of the sessions, key 0 … P−1. The gateways call it, and <see cref="SessionGrain"/> for callers that know a client and no
/// shards. Every session that outlives its connection, or has a will, is journaled before the reply; the gateways name the others again
/// when the shard is activated anew.
/// </summary>
/// <remarks>Each call is one transition of the <see cref="StoreShardState"/>, committed as <see cref="JournaledShard{TSnapshot, TChange}"/> says.</remarks>
[Reentrant]
[KeepAlive] // opening it reads its whole journal
internal sealed partial class SessionStoreGrain : Grain, ISessionStoreGrain
{
    private readonly StoreShardState _state;
    private readonly JournaledShard<SessionSnapshot, SessionChange> _shard;
    private readonly GatewayWatch _watch;
    private readonly UnreadSessions _unread = new();
    private readonly InterestAcks _acks;
    private readonly DueWillLeases _wills;
    private readonly StorePolls _polls;
    private readonly QueuedMessageReader _messages;
    private readonly SessionOpening _opening;
    private readonly CompactionSchedule _compaction;
    private readonly Action<QueueDropReason, int> _dropped;

    public SessionStoreGrain(
        IJournalStore<SessionSnapshot, SessionChange> journals, IOptions<GrainOptions> options, SteadyClock clock, GrainMetrics metrics,
        SiloStop stop, ILogger<SessionStoreGrain> logger)
    {
        var log = new Log(logger);
        _dropped = metrics.Dropped;
        _state = new StoreShardState(options.Value);
        _shard = new("store", _state, journals, clock, metrics, log) { Ended = End, Committed = WakePolls, Snapshotted = Compact };
        _watch = new GatewayWatch((long)options.Value.GatewaySilence.TotalMilliseconds);
        _acks = new InterestAcks(_shard, _state.Interest, _watch, options.Value.PresetTimeout, clock, stop);
        _wills = new DueWillLeases(_shard, _state.Wills);
        _polls = new StorePolls(
            _shard, _state, new LostGateways(_shard, _state, _watch, _unread, log), _watch, _acks, _wills, _unread,
            new ShardTicks(_shard, _state), clock, stop);
        _messages = new QueuedMessageReader(_shard, _state.Pages, log);
        _opening = new SessionOpening(_shard, _state, _messages, _watch, _unread);
        _compaction = new CompactionSchedule(_shard, _state, clock, stop, metrics, log);
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _shard.OpenAsync((int)this.GetPrimaryKeyLong());
        _state.Sessions.RaiseEpochs(_shard.Epoch);
        _state.Drops.Counted = _dropped;
        _watch.Since = _shard.Now();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _compaction.Stop();
        var stopped = _shard.StopAsync(); // a compaction may wait for the snapshot that this abandons
        await _compaction.StoppedAsync();
        await stopped;
    }

    public Task<OpenReply> AttachAsync(string key, OpenRequest request) => _opening.OpenAsync(key, request);

    public async Task<SessionResult> ApplyAsync(SessionDelta delta)
    {
        if (_shard.IsOver)
        {
            return SessionResult.Busy;
        }

        if (delta.Added.Length > 0 && !_state.Subscriptions.Has(delta) && !await _shard.Writer.HasSpaceAsync())
        {
            return SessionResult.Full;
        }

        var now = _shard.Begin();
        var isNews = !_state.Subscriptions.Has(delta); // many clients subscribe again to what their session has
        var result = _state.Subscriptions.Apply(delta);
        return result == SessionResult.Ok && isNews && _state.Sessions.IsJournaled(delta.Key)
            ? await _shard.CommitAsync(new Applied(now, delta))
            : await _shard.SettleAsync(result);
    }

    public async Task<SessionResult> DetachAsync(string key, ulong epoch, CloseRequest request)
    {
        if (_shard.IsOver)
        {
            return SessionResult.Busy;
        }

        var isJournaled = _state.Sessions.IsJournaled(key);
        var result = _state.Detachment.Detach(key, epoch, request, _shard.Begin(), out var done);
        if (done is null)
        {
            return await _shard.SettleAsync(result);
        }

        var committed = isJournaled ? await CommitAsync(done.Change, done.Messages) : await _shard.SettleAsync(SessionResult.Ok);
        return committed.BusyIfFull();
    }

    public async Task<QueueReply> QueueAsync(QueueBatch batch)
    {
        if (_shard.IsOver)
        {
            return new QueueReply(SessionResult.Busy, 0);
        }

        _watch.Heard(batch.Producer, _shard.Now());
        if (_state.Producers.Check(batch.Producer, batch.Sequence) is { } answer) // before it is refused: a refusal says that no queue has it
        {
            return answer with { Result = (await _shard.SettleAsync(answer.Result)).BusyIfFull() };
        }

        if (!await _shard.Writer.HasSpaceAsync())
        {
            return new QueueReply(SessionResult.Full, 0);
        }

        if (_state.Producers.Check(batch.Producer, batch.Sequence) is { } meanwhile)
        {
            return meanwhile with { Result = (await _shard.SettleAsync(meanwhile.Result)).BusyIfFull() };
        }

        var outcome = _state.Intake.Enqueue(batch, _shard.Begin());
        var result = await CommitAsync(outcome.Change, outcome.Messages);
        if (result == SessionResult.Full)
        {
            _shard.Writer.GiveUp(); // a refusal says that no queue has it
        }

        if (result != SessionResult.Ok)
        {
            return new QueueReply(result, 0);
        }

        _polls.AddUnread(outcome.Unread);
        return outcome.Reply;
    }

    public async Task<QueuePage> ReadAsync(QueueRead read)
    {
        if (_shard.IsOver)
        {
            return Refused(SessionResult.Busy);
        }

        var now = _shard.Begin();
        _state.Ended.Renew(read.Key, now);
        var slice = _state.Pages.Read(read, now, _shard.Writer.IsSettled, out var result);
        if (slice is null)
        {
            return Refused(await _shard.SettleAsync(result));
        }

        if (!slice.HasMore && _state.Sessions.Info(read.Key).Owner is { } owner)
        {
            _unread.Forget(owner.Gateway, read.Key); // at once: what is committed from here on is told again
        }

        var messages = await _messages.ReadAsync(slice.Session, slice.Items);
        if (messages is null || !await _shard.Writer.IsCurrentAsync())
        {
            return Refused(SessionResult.Busy);
        }

        return messages.Length == 0 && slice.HasMore
            ? await ReadAsync(read with { After = slice.Last }) // all of them were damaged
            : new QueuePage(SessionResult.Ok, messages, slice.Last, slice.HasMore);
    }

    public async Task<ProgressReply> ReportAsync(ProgressBatch batch)
    {
        if (_shard.IsOver)
        {
            return new ProgressReply(SessionResult.Busy, []);
        }

        var now = _shard.Begin();
        _watch.Heard(batch.Gateway, now);
        var progress = _state.Progress;
        if (batch.Sequence > 0 && _state.Reporters.Check(batch.Gateway, batch.Sequence) is { } answer)
        {
            // sent again: the first answer was lost
            return new ProgressReply(await _shard.SettleAsync(answer.Result), progress.FencedIn(batch), progress.GoneIn(batch));
        }

        foreach (var reported in batch.Sessions)
        {
            _state.Ended.Renew(reported.Key, now);
        }

        var (fenced, gone) = (progress.Note(batch), progress.GoneIn(batch));
        var result = fenced.Length < batch.Sessions.Length
            ? await _shard.CommitAsync(new Reported(now, batch)) : await _shard.SettleAsync(SessionResult.Ok);
        return result == SessionResult.Ok ? new ProgressReply(result, fenced, gone) : new ProgressReply(result.BusyIfFull(), []);
    }

    public async Task<ReattachReply> ReattachAsync(ReattachBatch batch)
    {
        var now = _shard.Begin();
        _watch.Heard(batch.Gateway, now);
        var fenced = _state.Attachment.Reattach(batch);
        var result = batch.Sessions.Any(entry => _state.Sessions.IsJournaled(entry.Key))
            ? await _shard.CommitAsync(new Reattached(now, batch)) : await _shard.SettleAsync(SessionResult.Ok);
        return result == SessionResult.Ok ? new ReattachReply(fenced) : throw ShardMoving.Error();
    }

    public Task<StorePollReply> PollAsync(StorePoll poll) => _polls.PollAsync(poll);

    public Task<SessionResult> CompleteWillsAsync(PublishedWills wills) => _wills.CompleteAsync(wills.Ids);

    public async Task<SessionResult> PresetAsync(string key, PresetRequest request)
    {
        if (_shard.IsOver || !await _shard.Writer.HasSpaceAsync())
        {
            return _shard.IsOver ? SessionResult.Busy : SessionResult.Full;
        }

        var now = _shard.Begin();
        var epoch = _state.Sessions.NextEpoch(now);
        var result = _state.Presets.Preset(key, request, epoch, now);
        result = result == SessionResult.Ok
            ? await _shard.CommitAsync(new Preset(now, key, request, epoch)) : await _shard.SettleAsync(result);
        return result != SessionResult.Ok || await _acks.AllRouteAsync(now) ? result : SessionResult.Busy;
    }

    public async Task<SessionInfo> GetInfoAsync(string key)
    {
        _shard.Begin();
        await _shard.DemandCurrentAsync();
        return _state.Sessions.Info(key);
    }

    private static QueuePage Refused(SessionResult result) => new(result, [], 0, false);

    private ValueTask<SessionResult> CommitAsync(SessionChange change, StoredMessage[] messages) =>
        _shard.CommitAsync(change, first => StoredMessage.Commit(messages, first));

    private void WakePolls() => _polls.Wake();

    private void Compact() => _compaction.Begin();

    private void End()
    {
        _polls.End();
        _acks.End();
        DeactivateOnIdle();
    }
}
