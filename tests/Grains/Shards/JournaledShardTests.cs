using System.Diagnostics.Metrics;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Shards;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Grains.Shards;

/// <summary>What every kind of shard does in the same way, without a grain.</summary>
public sealed class JournaledShardTests
{
    private readonly MemoryJournalStore<RetainSnapshot, RetainChange> _journals = new();
    private readonly List<string> _told = [];
    private int _committed;

    [Fact]
    public async Task WhatIsCommittedIsThereAfterTheShardHasMoved()
    {
        var (first, state) = Shard();
        await first.OpenAsync(3);
        Assert.Equal(SessionResult.Ok, await SetAsync(first, state, 1, "a"));
        Assert.Equal(1, _committed);

        var (second, again) = Shard();
        await second.OpenAsync(3);

        Assert.Equal(3, second.Number);
        Assert.True(second.Epoch > first.Epoch);
        Assert.Equal(1, again.Tree.Count);
        Assert.Equal([$"opened 3 {first.Epoch} 0", $"opened 3 {second.Epoch} 1"], _told);
    }

    [Fact]
    public async Task ActivationThatIsNotTheLastEndsAndAnswersBusy()
    {
        var (first, state) = Shard();
        await first.OpenAsync(0);
        await Shard().Shard.OpenAsync(0);
        _told.Clear();

        Assert.Equal(SessionResult.Busy, await SetAsync(first, state, 1, "a"));
        Assert.Equal(SessionResult.Busy, await first.SettleAsync(SessionResult.Ok));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await first.DemandCurrentAsync());

        Assert.True(first.IsOver);
        Assert.Equal([$"fenced 0 {first.Epoch}", "ended"], _told); // once
        Assert.Equal(0, _committed);
    }

    [Fact]
    public async Task AnswerThatChangesNothingKeepsItsResult()
    {
        var (shard, _) = Shard();
        await shard.OpenAsync(0);
        Assert.Equal(SessionResult.NotFound, await shard.SettleAsync(SessionResult.NotFound));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task JournalThatCannotBeOpenedIsToldWhenThatIsNews(bool isNews)
    {
        var (shard, _) = Shard(new RefusedJournals(isNews));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => shard.OpenAsync(7));

        Assert.Contains("retain shard 7 cannot be opened: broken", error.Message, StringComparison.Ordinal);
        Assert.Equal(isNews ? ["not opened 7 broken"] : [], _told);
        await shard.StopAsync(); // there is nothing to stop
    }

    private (JournaledShard<RetainSnapshot, RetainChange> Shard, RetainShardState State) Shard(IJournalStore<RetainSnapshot, RetainChange>? journals = null)
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var state = new RetainShardState(new GrainOptions());
        return (new("retain", state, journals ?? _journals, new SteadyClock(new ManualTimeProvider()), new GrainMetrics(meters), new ShardLog(_told))
        {
            Ended = () => _told.Add("ended"), Committed = () => _committed++,
        }, state);
    }

    private static ValueTask<SessionResult> SetAsync(
        JournaledShard<RetainSnapshot, RetainChange> shard, RetainShardState state, long sequence, string topic)
    {
        var change = new RetainChange(shard.Begin(), new RetainBatch("t", Sample.A, sequence, [new RetainEntry(topic, [1], 0)]));
        state.Set(change);
        return shard.CommitAsync(change);
    }

    private sealed class ShardLog(List<string> told) : IShardLog
    {
        public void Opened(int shard, long epoch, int count) => told.Add($"opened {shard} {epoch} {count}");

        public void Fenced(int shard, long epoch) => told.Add($"fenced {shard} {epoch}");

        public void NotOpened(int shard, string fault) => told.Add($"not opened {shard} {fault}");

        public void Ended(int shard, long epoch, JournalResult why) => told.Add($"ended {shard} {epoch} {why}");
    }

    private sealed class RefusedJournals(bool isNews) : IJournalStore<RetainSnapshot, RetainChange>
    {
        public ValueTask<JournalOpening<RetainSnapshot, RetainChange>> OpenAsync(
            int shard, long leastEpoch, IShardState<RetainSnapshot, RetainChange> state) =>
            new(new JournalOpening<RetainSnapshot, RetainChange>(JournalResult.Failed, null, "broken", isNews));
    }
}
