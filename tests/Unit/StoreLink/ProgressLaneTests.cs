using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.StoreLink;

public sealed class ProgressLaneTests
{
    private readonly List<string> _calls = [];

    [Fact]
    public async Task ASessionIsReportedOnceWithAllThatWasAddedForIt()
    {
        var (shard, lane) = ShardFake.ProgressLane();
        var session = SessionFake.Create("a", _calls, epoch: 3, ended: [1, 4]);
        var started = new StartedDelivery(5, 9, PendingStage.Published);
        _ = lane.Add(new(session), 0);
        _ = lane.Add(new(session, started, Epoch: 3, IsCommitted: true), 0);
        await FlushAsync(lane, new(session, Released: 7));

        var progress = Assert.Single(Assert.Single(shard.Reported).Sessions);
        Assert.Equal(("a", 3ul), (progress.Key, progress.Epoch));
        Assert.Equal([1, 4], progress.Done);
        Assert.Equal([started], progress.Started);
        Assert.Equal([(ushort)7], progress.InboundReleased);
        Assert.Equal(["a EndReport 3 Noted", $"a {nameof(IDurableSession.OnCommitted)} 5 3 False False"], _calls);
    }

    [Fact]
    public async Task WhatIsHeldBackLeavesInTheOrderInWhichItWasAdded()
    {
        var (_, lane) = ShardFake.ProgressLane();
        var (a, b) = (SessionFake.Create("a", _calls), SessionFake.Create("b", _calls));
        _ = lane.Add(new(a, new StartedDelivery(1, 1, PendingStage.Published), Epoch: 1, IsCommitted: true), 0);
        _ = lane.Add(new(b, new StartedDelivery(2, 1, PendingStage.Published), Epoch: 1, IsCommitted: true, IsDuplicate: true), 0);
        await FlushAsync(lane, new(a, new StartedDelivery(3, 2, PendingStage.Published), Epoch: 1)); // behind the first, not committed itself

        Assert.Equal(["a 1 1 False False", "b 2 1 True False", "a 3 1 False False"], Sent());
    }

    [Fact]
    public async Task OfSessionsThatFollowedEachOtherTheLastOneIsReported()
    {
        var (shard, lane) = ShardFake.ProgressLane();
        var (first, last) = (SessionFake.Create("a", _calls, epoch: 1), SessionFake.Create("a", _calls, epoch: 2));
        _ = lane.Add(new(first), 0);
        _ = lane.Add(new(last), 0);
        await FlushAsync(lane, new(first));

        Assert.Equal(2ul, Assert.Single(Assert.Single(shard.Reported).Sessions).Epoch);
        Assert.Equal(["a EndReport 2 Noted"], _calls);
    }

    [Fact]
    public async Task IdentifiersOfAnEarlierConnectionAreNotReportedUnderTheClaimOfTheNext()
    {
        var (shard, lane) = ShardFake.ProgressLane();
        var session = SessionFake.Create("a", _calls, epoch: 2);
        var started = new StartedDelivery(2, 1, PendingStage.Published);
        _ = lane.Add(new(session, new StartedDelivery(1, 1, PendingStage.Published), Epoch: 1, IsCommitted: true), 0);
        await FlushAsync(lane, new(session, started, Epoch: 2, IsCommitted: true));

        Assert.Equal([started], Assert.Single(Assert.Single(shard.Reported).Sessions).Started);
        Assert.Equal(["a 1 1 False False", "a 2 2 False False"], Sent()); // the session knows that the first claim is over
    }

    [Fact]
    public async Task ReportWhoseAnswerCameLateIsNotLost()
    {
        var time = new ManualTimeProvider();
        var (shard, lane) = ShardFake.ProgressLane(time);
        var first = new TaskCompletionSource<ProgressReply>();
        shard.OnReport = _ => shard.Reported.Count == 1 ? first.Task : new TaskCompletionSource<ProgressReply>().Task;
        var commit = lane.Add(new(SessionFake.Create("a", _calls), new StartedDelivery(1, 1, PendingStage.Published), Epoch: 1, IsCommitted: true), 0);
        lane.Flush();
        await Stuck.UntilAsync(() => shard.Reported.Count == 2 || (time.AdvanceToNextTimer() && false), "the call to be given up");
        first.SetResult(new ProgressReply(SessionResult.Ok, []));
        await Stuck.UntilAsync(() => _calls.Count == 2, "its answer");
        await Stuck.UntilAsync(() => commit.IsCompleted || (time.AdvanceToNextTimer() && false), "the lane to give up");

        Assert.Equal(["a EndReport 1 Noted", "a OnCommitted 1 1 False False"], _calls);
    }

    [Fact]
    public async Task AThousandEndedDeliveriesDoNotWaitForTheNextSecond()
    {
        var (shard, lane) = ShardFake.ProgressLane();
        for (var round = 1; round <= 2; round++)
        {
            var commit = lane.Add(new(SessionFake.Create("a", _calls)), 0);
            for (var i = 1; i < 1000; i++)
            {
                lane.CountEnded();
            }

            Assert.Equal(round - 1, shard.Reported.Count);
            lane.CountEnded();
            await commit.OrStuck("the report");
        }
    }

    [Fact]
    public async Task NothingLeavesUnderAClaimThatIsFencedAndWhatIsGoneIsMarked()
    {
        var (shard, lane) = ShardFake.ProgressLane();
        shard.OnReport = static _ => Task.FromResult(new ProgressReply(SessionResult.Ok, ["a"], [new GoneDelivery("b", 2)]));
        var (a, b) = (SessionFake.Create("a", _calls, epoch: 4), SessionFake.Create("b", _calls, epoch: 5));
        _ = lane.Add(new(a, new StartedDelivery(1, 1, PendingStage.Published), Epoch: 4, IsCommitted: true), 0);
        _ = lane.Add(new(b, new StartedDelivery(2, 1, PendingStage.Published), Epoch: 5, IsCommitted: true), 0);
        await FlushAsync(lane, new(b, new StartedDelivery(2, 1, PendingStage.Published), Epoch: 5)); // at QoS 1 it leaves all the same

        Assert.Equal(["a 1 0 False False", "b 2 5 False True", "b 2 5 False False"], Sent());
        Assert.Contains("a EndReport 4 Fenced", _calls);
        Assert.Contains("b EndReport 5 Noted", _calls);
    }

    [Fact]
    public async Task AShardThatDoesNotAnswerIsAskedUnderTheSameNumberForThirtySeconds()
    {
        var time = new ManualTimeProvider();
        var (shard, lane) = ShardFake.ProgressLane(time);
        shard.OnReport = static _ => new TaskCompletionSource<ProgressReply>().Task;
        var session = SessionFake.Create("a", _calls);
        var start = time.GetTimestamp();
        var commit = lane.Add(new(session, new StartedDelivery(1, 1, PendingStage.Published), Epoch: 1, IsCommitted: true), 0);
        lane.Flush();
        await Stuck.UntilAsync(() => commit.IsCompleted || (time.AdvanceToNextTimer() && false), "the lane to give up");

        Assert.Equal(SessionResult.Busy, await commit);
        Assert.Equal(Attempts.BatchTimeout, time.GetElapsedTime(start));
        Assert.Equal(6, shard.Reported.Count); // 5 seconds each
        Assert.Single(shard.Reported.Select(static report => report.Sequence).Distinct());
        Assert.Equal(["a EndReport 1 Lost", "a OnCommitFailed"], _calls);
    }

    private static async Task FlushAsync(ProgressLane lane, ProgressLane.Step last)
    {
        var commit = lane.Add(last, 0);
        lane.Flush();
        Assert.Equal(SessionResult.Ok, await commit.OrStuck("the commit"));
    }

    private IEnumerable<string> Sent() => _calls.Where(static call => call.Contains(nameof(IDurableSession.OnCommitted), StringComparison.Ordinal))
        .Select(static call => call.Replace($"{nameof(IDurableSession.OnCommitted)} ", "", StringComparison.Ordinal));
}
