using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Retained;
using Xunit;

namespace GrainMQ.Tests.Grains.Retained;

public sealed class RetainShardStateTests
{
    private readonly RetainShardState _shard = new(new GrainOptions { RetainedMaxMessages = 2 });

    [Fact]
    public void BatchThatComesAgainOrLateChangesNothing()
    {
        var (old, current) = (Batch(1, ("a", "old")), Batch(2, ("a", "new"), ("b", "1"), ("c", "2")));
        _shard.Set(new RetainChange(0, old));
        var reply = _shard.Set(new RetainChange(0, current));

        Assert.Equal([2], reply.Refused);
        Assert.Same(reply, Answered(_shard, current));
        Assert.Equal(SessionResult.Ok, Answered(_shard, old)?.Result);
        Assert.Null(Answered(_shard, Batch(9)));
        Assert.Null(Answered(_shard, Batch(1) with { Producer = Sample.B }));
    }

    [Fact]
    public void ShardIsRestoredFromSnapshotAndChanges()
    {
        _shard.Set(new RetainChange(0, Batch(1, ("$SYS/a", "1"))));
        var snapshot = _shard.Snapshot();
        var change = new RetainChange(0, Batch(2, ("b", "2")));

        var restored = new RetainShardState(new GrainOptions());
        restored.Restore(snapshot);
        restored.Apply(change);

        Assert.Equal(["$SYS/a", "b"], restored.Tree.All().Select(pair => pair.Entry.Topic).Order());
        Assert.NotNull(Answered(restored, Batch(2)));
        Assert.Null(Answered(restored, Batch(3)));
    }

    private static RetainReply? Answered(RetainShardState shard, RetainBatch batch) => shard.Producers.Check(batch.Producer, batch.Sequence);

    private static RetainBatch Batch(long sequence, params (string Topic, string Message)[] entries) =>
        new("t", Sample.A, sequence, [.. entries.Select(entry => new RetainEntry(entry.Topic, Sample.Bytes(entry.Message), 0))]);
}
