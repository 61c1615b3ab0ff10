using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// One shard of the sessions, key 0 … P−1. Called by the gateways, and by <see cref="SessionGrain"/> for callers that know a client and no
/// shards. Every session that outlives its connection, or has a will, is journaled before the reply; the others are named again by their
/// gateways when the shard is activated anew.
/// </summary>
/// <remarks>
/// Each call does what time has done, makes one transition of the <see cref="SessionTable"/>, hands it to the journal, waits until it is
/// stored for good, and wakes the hanging polls if that made news. What a call answers may rest on what others have just changed, so it
/// waits for those as well. When the journal refuses, a newer activation owns the shard or the disk does not work: this one goes.
/// </remarks>
[Reentrant]
[KeepAlive] // opening it reads its whole log
internal sealed partial class SessionStoreGrain(
    IJournalStore<SessionSnapshot, SessionChange> journals,
    IOptions<GrainOptions> options,
    TimeProvider time,
    GrainMetrics metrics,
    SiloStop stop,
    ILogger<SessionStoreGrain> logger) : Grain, ISessionStoreGrain
{
    private readonly StoreGauge _gauge = new();
    private readonly ChangeSignal _news = new(time, stop.Token);
    private readonly ChangeSignal _acks = new(time, stop.Token);
    private SessionTable _table = new(options.Value);
    private GatewayWatch _watch = new(0, 0);
    private int _shard;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shard = (int)this.GetPrimaryKeyLong();
        _table = new SessionTable(options.Value);
        var start = time.GetTimestamp();
        await OpenAsync();
        metrics.Recovered("store", time.GetElapsedTime(start));
        _table.RaiseEpochs(Epoch);
        _table.Dropped = metrics.Dropped;
        _watch = new GatewayWatch((long)options.Value.GatewaySilence.TotalMilliseconds, Now());
        metrics.Report(_shard, _gauge);
        Measure();
        LogOpened(logger, _shard, Epoch, _table.Count);
    }

    public async Task<SessionResult> ApplyAsync(SessionDelta delta)
    {
        if (IsOver)
        {
            return SessionResult.Busy;
        }

        if (delta.Added.Length > 0 && !_table.Has(delta) && !await Writer.HasSpaceAsync())
        {
            return SessionResult.Full;
        }

        var now = Begin();
        var isNews = !_table.Has(delta); // many clients subscribe again to what their session has
        var result = _table.Apply(delta);
        return await CommitAsync(new Applied(now, delta), result, isNews && _table.IsJournaled(delta.Key));
    }

    public async Task<SessionResult> DetachAsync(string key, ulong epoch, CloseRequest request)
    {
        if (IsOver)
        {
            return SessionResult.Busy;
        }

        var isJournaled = _table.IsJournaled(key);
        var result = _table.Detach(key, epoch, request, Begin(), out var done);
        if (done is null)
        {
            return await SettleAsync(result);
        }

        return OnceMore(await CommitAsync(done.Change, isJournaled, done.Messages));
    }

    public async Task<QueueReply> QueueAsync(QueueBatch batch)
    {
        if (IsOver)
        {
            return new QueueReply(SessionResult.Busy, 0);
        }

        _watch.Heard(batch.Producer, Now());
        if (_table.Producers.Check(batch.Producer, batch.Sequence) is { } answer) // before it is refused: a refusal says that no queue has it
        {
            return answer with { Result = OnceMore(await SettleAsync(answer.Result)) };
        }

        if (!await Writer.HasSpaceAsync())
        {
            return new QueueReply(SessionResult.Full, 0);
        }

        if (_table.Producers.Check(batch.Producer, batch.Sequence) is { } meanwhile)
        {
            return meanwhile with { Result = OnceMore(await SettleAsync(meanwhile.Result)) };
        }

        var now = Begin();
        var outcome = _table.Queue(batch, now);
        var result = await CommitAsync(outcome.Change, isJournaled: true, outcome.Messages);
        if (result == SessionResult.Full)
        {
            Writer.GiveUp(); // a refusal says that no queue has it
        }

        if (result != SessionResult.Ok)
        {
            return new QueueReply(result, 0);
        }

        Tell(outcome.Behind);
        return outcome.Reply;
    }

    public async Task<ProgressReply> ReportAsync(ProgressBatch batch)
    {
        if (IsOver)
        {
            return new ProgressReply(SessionResult.Busy, []);
        }

        var now = Begin();
        _watch.Heard(batch.Gateway, now);
        if (batch.Sequence > 0 && _table.Reporters.Check(batch.Gateway, batch.Sequence) is { } answer)
        {
            return new ProgressReply(await SettleAsync(answer.Result), _table.Fenced(batch), _table.Gone(batch)); // sent again: the first answer was lost
        }

        var (fenced, gone) = (_table.Report(batch), _table.Gone(batch));
        var result = OnceMore(await CommitAsync(new Reported(now, batch), fenced.Length < batch.Sessions.Length));
        return result == SessionResult.Ok ? new ProgressReply(result, fenced, gone) : new ProgressReply(result, []);
    }

    public async Task<ReattachReply> ReattachAsync(ReattachBatch batch)
    {
        var now = Begin();
        _watch.Heard(batch.Gateway, now);
        var fenced = _table.Reattach(batch);
        var isJournaled = batch.Sessions.Any(entry => _table.IsJournaled(entry.Key));
        return await CommitAsync(new Reattached(now, batch), isJournaled) == SessionResult.Ok ? new ReattachReply(fenced) : throw Moving();
    }

    public async Task<SessionResult> PresetAsync(string key, PresetRequest request)
    {
        if (IsOver || !await Writer.HasSpaceAsync())
        {
            return IsOver ? SessionResult.Busy : SessionResult.Full;
        }

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

    private void Measure()
    {
        _gauge.Sessions = _table.Count;
        _gauge.Messages = _table.Queued.TotalMessages;
        _gauge.Bytes = _table.Queued.TotalBytes;
        _gauge.DueWills = _table.Work.Count;
    }
}
