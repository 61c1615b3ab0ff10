using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.StoreLink;

public sealed class StoreGatheringTests
{
    private readonly StoreGathering _gathering = new();
    private readonly List<string> _calls = [];

    [Fact]
    public void NothingGatheredIsNothingToWaitFor() => Assert.Null(_gathering.Commit(origin: null));

    [Fact]
    public async Task ReceiversOfAMessageInOneShardAreOneEntryWithItsOrigin()
    {
        var (shard, lane) = ShardFake.QueueLane();
        var (first, second) = (SessionFake.MessageOf("1"), SessionFake.MessageOf("2"));
        var origin = new MessageOrigin("p", 7);
        Add(lane, first, "a");
        Add(lane, first, "b");
        var commit = _gathering.Commit(origin);
        Add(lane, second, "a");
        var next = _gathering.Commit(origin: null);
        Assert.Empty(shard.Queued); // until it is flushed
        _gathering.Flush();

        Assert.Equal(SessionResult.Ok, await commit!.OrStuck("the commit"));
        Assert.Equal(SessionResult.Ok, await next!.OrStuck("the next commit"));
        var batch = Assert.Single(shard.Queued);
        Assert.Equal([["a", "b"], ["a"]], batch.Entries.Select(entry => entry.Targets.Select(target => target.Key)));
        Assert.Equal([origin, null], batch.Entries.Select(entry => entry.Origin));
    }

    [Fact] // as with a page of retained messages
    public async Task MessagesThatAreGatheredTogetherAreEntriesOfTheirOwn()
    {
        var (shard, lane) = ShardFake.QueueLane();
        Add(lane, SessionFake.MessageOf("1"), "a");
        Add(lane, SessionFake.MessageOf("2"), "a");
        var commit = _gathering.Commit(origin: null);
        _gathering.Flush();

        await commit!.OrStuck("the commit");
        Assert.Equal(["a DeliverStored 1 1", "a DeliverStored 2 2"], _calls);
        Assert.Equal(2, Assert.Single(shard.Queued).Entries.Length);
    }

    [Fact]
    public async Task TheCommitWaitsForEveryShardAndTellsOfTheOneThatRefused()
    {
        var (full, lane) = ShardFake.QueueLane();
        var (slow, other) = ShardFake.QueueLane();
        full.OnQueue = static _ => Task.FromResult(new QueueReply(SessionResult.Full, 0));
        var answer = new TaskCompletionSource<QueueReply>();
        slow.OnQueue = _ => answer.Task;
        var message = SessionFake.MessageOf("1");
        Add(lane, message, "a");
        Add(other, message, "b");
        var commit = _gathering.Commit(origin: null);
        _gathering.Flush();
        await lane.DrainedAsync().OrStuck("the first shard");
        Assert.False(commit!.IsCompleted);

        answer.SetResult(new QueueReply(SessionResult.Ok, 0));
        Assert.Equal(SessionResult.Full, await commit.OrStuck("the commit"));
    }

    /// <summary>A CONNECT that passes the session's gate after the message was given to the session waits for the message to be stored.</summary>
    [Fact]
    public async Task WhoAsksForADrainedLaneWaitsForWhatIsOnlyGathered()
    {
        var (shard, lane) = ShardFake.QueueLane();
        Add(lane, SessionFake.MessageOf("1"), "a");
        var drained = lane.DrainedAsync();
        Assert.False(drained.IsCompleted);
        Assert.Empty(shard.Queued);

        _ = _gathering.Commit(origin: null);
        await drained.OrStuck("the lane");
        Assert.Single(shard.Queued);
    }

    private void Add(QueueLane lane, in Message message, string key) =>
        _gathering.Add(lane, message, new DurableReceiver(SessionFake.Create(key, _calls), QoS.AtLeastOnce, Retain: false, [], Share: null));
}
