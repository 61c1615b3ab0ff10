using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.StoreLink;

public sealed class ShardLaneTests
{
    private const int Megabyte = 1 << 20;

    [Fact]
    public async Task WhatGathersGoesInBatchesOfABoundedSizeInOrder()
    {
        var lane = new Lane();
        var first = lane.Add(0, 1);
        lane.Flush();
        Task[] waiting = [lane.Add(1, 2 * Megabyte), lane.Add(2, 2 * Megabyte), lane.Add(3, 1), lane.Add(4, 9 * Megabyte), lane.Add(5, 1)];
        var drained = lane.DrainedAsync();
        lane.Flush();
        Assert.False(first.IsCompleted);
        lane.Answer.SetResult(SessionResult.Ok);
        await Task.WhenAll([first, .. waiting, drained]).OrStuck("the lane");

        Assert.Equal([[0], [1, 2], [3], [4], [5]], lane.Sent);
    }

    [Fact]
    public async Task EntryThatIsLargerThanABatchGoesAlone()
    {
        var lane = new Lane();
        Task[] waiting = [lane.Add(0, 9 * Megabyte), lane.Add(1, 1)];
        lane.Flush();
        lane.Answer.SetResult(SessionResult.Ok);
        await Task.WhenAll(waiting).OrStuck("the lane");
        Assert.Equal([[0], [1]], lane.Sent);
    }

    [Fact]
    public async Task DrainedWaitsForWhatIsUnderWay()
    {
        var lane = new Lane();
        Assert.True(lane.DrainedAsync().IsCompleted);
        _ = lane.Add(0, 1);
        lane.Flush();
        var drained = lane.DrainedAsync();
        Assert.False(drained.IsCompleted);
        lane.Answer.SetResult(SessionResult.Ok);
        await drained.OrStuck("the lane");
        Assert.Equal([[0]], lane.Sent);
    }

    [Fact]
    public async Task DrainedWaitsForWhatIsAnnounced()
    {
        var lane = new Lane();
        lane.Announce();
        lane.Announce();
        var drained = lane.DrainedAsync();
        lane.Answer.SetResult(SessionResult.Ok);
        _ = lane.AddAnnounced(0, 1);
        await Task.Yield();
        Assert.False(drained.IsCompleted);
        _ = lane.AddAnnounced(1, 1);
        await drained.OrStuck("the lane"); // it sends what it waits for
        Assert.Equal([[0, 1]], lane.Sent);
    }

    private sealed class Lane() : ShardLane<int>(TimeProvider.System)
    {
        public TaskCompletionSource<SessionResult> Answer { get; } = new();

        public List<int[]> Sent { get; } = [];

        protected override Task<SessionResult> SendAsync(int[] entries, long sequence)
        {
            Sent.Add(entries);
            return Answer.Task;
        }

        protected override void OnFailed(Exception? exception, int[] entries) => Assert.Fail("It was answered.");
    }
}
