using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Concurrency;

namespace GrainMQ.Grains.Retained;

/// <summary>
/// One shard of the retained messages, key 0 … R−1, called by the gateways. Every batch is journaled before the reply. A batch that was
/// taken before changes nothing, also when it comes late, so that a retry cannot bring back an older message.
/// </summary>
[Reentrant]
internal sealed partial class RetainGrain(
    IShardJournal<RetainSnapshot, RetainChange> journal,
    IOptions<GrainOptions> options,
    TimeProvider time,
    GrainMetrics metrics,
    ILogger<RetainGrain> logger) : Grain, IRetainGrain
{
    /// <summary>A journal is replaced by a snapshot when its changes hold more than a quarter of the tree and this: 4 MB.</summary>
    private const long SnapshotFrom = 4 << 20;

    private readonly RetainGauge _gauge = new();
    private RetainedShard _retained = new(options.Value);
    private int _shard;
    private long _epoch;
    private long _journaled;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shard = (int)this.GetPrimaryKeyLong();
        var contents = await journal.OpenAsync(_shard, Now());
        _epoch = contents.Epoch;
        _retained = RetainedShard.Restore(options.Value, contents.Snapshot, contents.Changes);
        _journaled = contents.Changes.Sum(change => change.Cost);
        metrics.Report(_shard, _gauge);
        Measure();
        LogOpened(logger, _shard, _epoch, _retained.Tree.Count);
    }

    public async Task<RetainReply> SetAsync(RetainBatch batch)
    {
        if (_retained.Answered(batch) is { } answer)
            return answer;
        var change = new RetainChange(Now(), batch);
        var reply = _retained.Set(change);
        if (!await AppendAsync(change))
        {
            Fence();
            return new RetainReply(SessionResult.Busy, []);
        }
        metrics.RetainRefused(reply.Refused.Length);
        Measure();
        return reply;
    }

    public async Task<RetainPage> QueryAsync(RetainQuery query)
    {
        if (!await journal.IsCurrentAsync(_shard, _epoch))
        {
            Fence();
            throw new InvalidOperationException("The shard is moving.");
        }
        var now = Now();
        _retained.Tree.Expire(now);
        Measure();
        return _retained.Tree.Page(query, now);
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async ValueTask<bool> AppendAsync(RetainChange change)
    {
        if (!await journal.AppendAsync(_shard, _epoch, change))
            return false;
        _journaled += change.Cost;
        if (_journaled <= SnapshotFrom + (_retained.Tree.Bytes / 4))
            return true;
        _journaled = 0;
        return await journal.ReplaceAsync(_shard, _epoch, _retained.Snapshot());
    }

    private void Fence()
    {
        metrics.Fenced("retain");
        LogFenced(logger, _shard, _epoch);
        DeactivateOnIdle();
    }

    private void Measure()
    {
        _gauge.Messages = _retained.Tree.Count;
        _gauge.Bytes = _retained.Tree.Bytes;
    }
}
