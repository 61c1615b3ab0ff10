using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Shards;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace GrainMQ.Grains.Retained;

/// <summary>
/// One shard of the retained messages, key 0 … R−1; the gateways call it. Every batch is journaled before the reply. A batch that was
/// taken before changes nothing, also when it comes late, so that a retry cannot bring back an older message.
/// </summary>
[Reentrant]
[KeepAlive] // opening it reads its whole journal
internal sealed partial class RetainGrain : Grain, IRetainGrain
{
    private readonly RetainShardState _state;
    private readonly JournaledShard<RetainSnapshot, RetainChange> _shard;
    private readonly GrainMetrics _metrics;

    public RetainGrain(
        IJournalStore<RetainSnapshot, RetainChange> journals, IOptions<GrainOptions> options, SteadyClock clock, GrainMetrics metrics,
        ILogger<RetainGrain> logger)
    {
        _metrics = metrics;
        _state = new RetainShardState(options.Value);
        _shard = new("retain", _state, journals, clock, metrics, new Log(logger)) { Ended = DeactivateOnIdle };
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken) => _shard.OpenAsync((int)this.GetPrimaryKeyLong());

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _shard.StopAsync();

    public async Task<RetainReply> SetAsync(RetainBatch batch)
    {
        if (_shard.IsOver)
        {
            return new RetainReply(SessionResult.Busy, []);
        }

        if (_state.Producers.Check(batch.Producer, batch.Sequence) is { } answer)
        {
            return await SettleAsync(answer);
        }

        if (!await _shard.Writer.HasSpaceAsync())
        {
            return new RetainReply(SessionResult.Full, []);
        }

        if (_state.Producers.Check(batch.Producer, batch.Sequence) is { } meanwhile)
        {
            return await SettleAsync(meanwhile);
        }

        var change = new RetainChange(_shard.Now(), batch);
        var reply = _state.Set(change);
        _metrics.RetainRefused(reply.Refused.Length);
        var result = await _shard.CommitAsync(change);
        return result == SessionResult.Ok ? reply : new RetainReply(result, []);
    }

    public async Task<RetainPage> QueryAsync(RetainQuery query)
    {
        await _shard.DemandCurrentAsync();
        var now = _shard.Begin();
        _shard.Measure();
        return _state.Tree.Page(query, now);
    }

    /// <summary>Answers a batch that was taken before: another that did not fit is no reason to say that this one is not stored.</summary>
    private async ValueTask<RetainReply> SettleAsync(RetainReply answer)
    {
        var result = (await _shard.SettleAsync(SessionResult.Ok)).BusyIfFull();
        return result == SessionResult.Ok ? answer : new RetainReply(result, []);
    }
}
