using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Concurrency;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// One shard of the sessions, key 0 … P−1. Called by <see cref="SessionGrain"/> and, for batches and polls, by the gateways. Every
/// session that outlives its connection, or has a will, is journaled before the reply; the others are named again by their gateways
/// when the shard is activated anew.
/// </summary>
/// <remarks>
/// Each call does what time has done, makes one transition of the <see cref="SessionTable"/>, commits it, and wakes the hanging polls if
/// that made news. When the journal refuses a change, a newer activation owns the shard: the answer is Busy and this one goes.
/// </remarks>
[Reentrant]
internal sealed partial class SessionStoreGrain(
    IShardJournal<SessionSnapshot, SessionChange> journal,
    IOptions<GrainOptions> options,
    TimeProvider time,
    GrainMetrics metrics,
    ILogger<SessionStoreGrain> logger) : Grain, ISessionStoreGrain
{
    /// <summary>A journal is replaced by a snapshot when its changes hold more than the table and this: 4 MB.</summary>
    private const long SnapshotFrom = 4 << 20;

    private readonly StoreGauge _gauge = new();
    private readonly ChangeSignal _news = new(time);
    private readonly ChangeSignal _acks = new(time);
    private SessionTable _table = new(options.Value);
    private GatewayWatch _watch = new(0, 0);
    private int _shard;
    private long _epoch;
    private long _journaled;
    private bool _isFenced;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shard = (int)this.GetPrimaryKeyLong();
        var contents = await journal.OpenAsync(_shard, Now());
        _epoch = contents.Epoch;
        _table = SessionTable.Restore(options.Value, contents.Snapshot, contents.Changes);
        _table.RaiseEpochs(_epoch);
        _table.Dropped = metrics.Dropped;
        _watch = new GatewayWatch((long)options.Value.GatewaySilence.TotalMilliseconds, Now());
        _journaled = contents.Changes.Sum(change => change.Cost);
        metrics.Report(_shard, _gauge);
        Measure();
        LogOpened(logger, _shard, _epoch, _table.Count);
    }

    public async Task<OpenReply> AttachAsync(string key, OpenRequest request)
    {
        if (_isFenced)
            return SessionTable.Refused(SessionResult.Busy);
        var now = Begin();
        var epoch = _table.NextEpoch(now);
        _watch.Heard(request.Gateway, now);
        var reply = _table.Attach(key, request, epoch, now);
        var isNew = reply.Result == SessionResult.Ok && reply.Epoch == epoch; // not refused, and not the answer to a repeated call
        var isValid = await CommitAsync(new Attached(now, key, request, epoch), isNew && _table.IsJournaled(key));
        return isValid ? reply : SessionTable.Refused(SessionResult.Busy);
    }

    public async Task<SessionResult> ApplyAsync(SessionDelta delta)
    {
        if (_isFenced)
            return SessionResult.Busy;
        var now = Begin();
        var result = _table.Apply(delta);
        return await CommitAsync(new Applied(now, delta), result, _table.IsJournaled(delta.Key));
    }

    public async Task<SessionResult> DetachAsync(string key, ulong epoch, CloseRequest request)
    {
        if (_isFenced)
            return SessionResult.Busy;
        var now = Begin();
        var isJournaled = _table.IsJournaled(key);
        var result = _table.Detach(key, epoch, request, now);
        return await CommitAsync(new Detached(now, key, epoch, request), result, isJournaled);
    }

    public async Task<QueueReply> QueueAsync(QueueBatch batch)
    {
        if (_isFenced)
            return new QueueReply(SessionResult.Busy, 0);
        var now = Begin();
        _watch.Heard(batch.Producer, now);
        var answer = _table.Producers.Check(batch.Producer, batch.Sequence);
        var reply = answer ?? new QueueReply(SessionResult.Ok, _table.Queue(batch, now));
        return await CommitAsync(new Queued(now, batch), answer is null) ? reply : new QueueReply(SessionResult.Busy, 0);
    }

    public async Task<ReattachReply> ReattachAsync(ReattachBatch batch)
    {
        var now = Begin();
        _watch.Heard(batch.Gateway, now);
        var fenced = _table.Reattach(batch);
        var isValid = await CommitAsync(new Reattached(now, batch), batch.Sessions.Any(entry => _table.IsJournaled(entry.Key)));
        return isValid ? new ReattachReply(fenced) : throw Moving();
    }

    public async Task<SessionResult> PresetAsync(string key, PresetRequest request)
    {
        if (_isFenced)
            return SessionResult.Busy;
        var now = Begin();
        var epoch = _table.NextEpoch(now);
        var result = _table.Preset(key, request, epoch, now);
        result = await CommitAsync(new Preset(now, key, request, epoch), result, true);
        return result != SessionResult.Ok || await IsAnnouncedAsync(now) ? result : SessionResult.Busy;
    }

    public async Task<SessionInfo> GetInfoAsync(string key)
    {
        Begin();
        await DemandCurrentAsync();
        return _table.Info(key);
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private long Begin()
    {
        var now = Now();
        _table.FireDue(now);
        return now;
    }

    private async ValueTask<SessionResult> CommitAsync(SessionChange change, SessionResult result, bool isJournaled) =>
        await CommitAsync(change, result == SessionResult.Ok && isJournaled) ? result : SessionResult.Busy;

    /// <summary>Before an answer: false when this activation is not the shard's last, so that what it knows may be wrong.</summary>
    /// <param name="change">What led to the answer.</param>
    /// <param name="isJournaled">False: nothing has to be kept, only the right to answer is checked.</param>
    private async ValueTask<bool> CommitAsync(SessionChange change, bool isJournaled)
    {
        var isValid = isJournaled ? await AppendAsync(change) || Fence() : await IsCurrentAsync();
        if (isValid)
            Announce();
        return isValid;
    }

    private async ValueTask<bool> IsCurrentAsync() => !_isFenced && await journal.IsCurrentAsync(_shard, _epoch) || Fence();

    /// <summary>For answers that cannot say Busy.</summary>
    private async ValueTask DemandCurrentAsync()
    {
        if (!await IsCurrentAsync())
            throw Moving();
    }

    private static InvalidOperationException Moving() => new("The shard is moving to a newer activation; call again.");

    private async ValueTask<bool> AppendAsync(SessionChange change)
    {
        if (!await journal.AppendAsync(_shard, _epoch, change))
            return false;
        _journaled += change.Cost;
        return _journaled <= SnapshotFrom + _table.Cost || await ReplaceAsync();
    }

    private async ValueTask<bool> ReplaceAsync()
    {
        _journaled = 0;
        return await journal.ReplaceAsync(_shard, _epoch, _table.Snapshot());
    }

    /// <summary>Always false: nothing that this activation still does is committed.</summary>
    private bool Fence()
    {
        if (!_isFenced)
        {
            _isFenced = true;
            metrics.Fenced("store");
            LogFenced(logger, _shard, _epoch);
            _news.Raise();
            _acks.Raise();
        }
        DeactivateOnIdle();
        return false;
    }

    private void Measure()
    {
        _gauge.Sessions = _table.Count;
        _gauge.Messages = _table.Queued.TotalMessages;
        _gauge.Bytes = _table.Queued.TotalBytes;
        _gauge.DueWills = _table.Work.Count;
    }
}
