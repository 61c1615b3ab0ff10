using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace GrainMQ.Grains.Retained;

/// <summary>
/// One shard of the retained messages, key 0 … R−1, called by the gateways. Every batch is journaled before the reply. A batch that was
/// taken before changes nothing, also when it comes late, so that a retry cannot bring back an older message.
/// </summary>
[Reentrant]
[KeepAlive] // opening it reads its whole log
internal sealed partial class RetainGrain(
    IJournalStore<RetainSnapshot, RetainChange> journals,
    IOptions<GrainOptions> options,
    TimeProvider time,
    GrainMetrics metrics,
    ILogger<RetainGrain> logger) : Grain, IRetainGrain
{
    private readonly RetainGauge _gauge = new();
    private RetainedShard _retained = new(options.Value);
    private ShardWriter<RetainSnapshot, RetainChange>? _writer;
    private int _shard;

    private ShardWriter<RetainSnapshot, RetainChange> Writer => _writer ?? throw Moving();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shard = (int)this.GetPrimaryKeyLong();
        _retained = new RetainedShard(options.Value);
        var start = time.GetTimestamp();
        var opening = await journals.OpenAsync(_shard, Now(), _retained);
        if (opening.Journal is null)
        {
            if (opening.IsNews)
            {
                LogNotOpened(logger, _shard, opening.Fault ?? opening.Result.ToString());
            }

            throw new InvalidOperationException($"The journal of retain shard {_shard} cannot be opened: {opening.Fault}");
        }
        _writer = new(opening.Journal, _retained.Snapshot, _retained.Replayed, () => (_retained.Tree.Bytes / 4, 0), End);
        metrics.Recovered("retain", time.GetElapsedTime(start));
        metrics.Report(_shard, _gauge);
        Measure();
        LogOpened(logger, _shard, Writer.Epoch, _retained.Tree.Count);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        await (_writer?.StopAsync() ?? Task.CompletedTask);

    public async Task<RetainReply> SetAsync(RetainBatch batch)
    {
        if (Writer.IsOver)
        {
            return new RetainReply(SessionResult.Busy, []);
        }

        if (_retained.Answered(batch) is { } answer)
        {
            return Answer(answer, await SettleAsync());
        }

        if (!await Writer.HasSpaceAsync())
        {
            return new RetainReply(SessionResult.Full, []);
        }

        if (_retained.Answered(batch) is { } meanwhile)
        {
            return Answer(meanwhile, await SettleAsync());
        }

        var change = new RetainChange(Now(), batch);
        var reply = _retained.Set(change);
        var committed = await Writer.CommitAsync(change, change.Cost);
        metrics.RetainRefused(reply.Refused.Length);
        Measure();
        return Answer(reply, committed);
    }

    public async Task<RetainPage> QueryAsync(RetainQuery query)
    {
        if (!await Writer.IsCurrentAsync())
        {
            throw Moving();
        }

        var now = Now();
        _retained.Tree.Expire(now);
        Measure();
        return _retained.Tree.Page(query, now);
    }

    /// <summary>For a batch that was taken before: another that did not fit is no reason to say that this one is not stored.</summary>
    private async ValueTask<JournalResult> SettleAsync() => await Writer.SettleAsync() is var result and not JournalResult.Full ? result : JournalResult.Failed;

    private static InvalidOperationException Moving() => new("The shard is moving to a newer activation; call again.");

    private static RetainReply Answer(RetainReply reply, JournalResult committed) => committed switch
    {
        JournalResult.Ok => reply,
        JournalResult.Full => new RetainReply(SessionResult.Full, []),
        _ => new RetainReply(SessionResult.Busy, []),
    };

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private void End(JournalResult why)
    {
        if (why == JournalResult.Fenced)
        {
            metrics.Fenced("retain");
            LogFenced(logger, _shard, Writer.Epoch);
        }
        else
        {
            LogEnded(logger, _shard, Writer.Epoch, why);
        }

        DeactivateOnIdle();
    }

    private void Measure()
    {
        _gauge.Messages = _retained.Tree.Count;
        _gauge.Bytes = _retained.Tree.Bytes;
    }
}
