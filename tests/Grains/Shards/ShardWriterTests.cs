using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Shards;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.Shards;

/// <summary>What an activation leaves when its silo stops.</summary>
public sealed class ShardWriterTests
{
    private const int Topics = 640; // ten parts of a snapshot
    private const int MessageBytes = 5_000; // a part is more than one addition

    private readonly SlowSnapshots _logs = new();

    [Fact]
    public async Task SnapshotIsGivenUpWhenTheActivationEndsAndNothingIsLost()
    {
        var shard = new RetainShardState(new GrainOptions());
        var ends = new List<JournalResult>();
        var writer = new ShardWriter<RetainSnapshot, RetainChange>(await OpenAsync(shard), shard, ends.Add);
        var entries = Enumerable.Range(0, Topics).Select(number => new RetainEntry($"topic/{number}", new byte[MessageBytes], 0));
        var change = new RetainChange(0, new RetainBatch("t", Sample.A, 1, [.. entries]));
        shard.Set(change);
        Assert.Equal(JournalResult.Ok, await writer.CommitAsync(change));
        var snapshot = writer.SnapshotAsync();
        Assert.Equal(1, _logs.Additions);

        var stop = writer.StopAsync();
        _logs.Release();
        await stop;

        Assert.Equal(JournalResult.Abandoned, await snapshot);
        Assert.Equal(1, _logs.Additions);
        Assert.True(writer.IsOver);
        Assert.Empty(ends); // the activation knows that it ends
        var again = new RetainShardState(new GrainOptions());
        await OpenAsync(again);
        Assert.Equal(Topics, again.Tree.Count);
    }

    [Fact]
    public async Task ChangeThatIsStoredIsNotRefusedForOneBeforeItThatIsNot() // Full says that it is not stored
    {
        var (shard, logs) = (new RetainShardState(new GrainOptions()), new FullOnceLogs());
        var writer = new ShardWriter<RetainSnapshot, RetainChange>(await OpenAsync(shard, logs), shard, _ => { });
        logs.IsFull = true;
        var (refused, stored) = (CommitAsync(writer, shard, "refused"), CommitAsync(writer, shard, "stored"));
        logs.Release();

        Assert.Equal((JournalResult.Full, JournalResult.Failed), (await refused, await stored));
        var again = new RetainShardState(new GrainOptions());
        await OpenAsync(again, logs);
        Assert.Equal(1, again.Tree.Count);
    }

    [Fact]
    public async Task WhatIsClearedIsSoonInNoSnapshot()
    {
        var (shard, journals) = (new RetainShardState(new GrainOptions()), new MemoryJournalStore<RetainSnapshot, RetainChange>());
        var snapshots = 0;
        var writer = new ShardWriter<RetainSnapshot, RetainChange>(
            (await journals.OpenAsync(0, 0, shard)).Journal!, shard, _ => { }, () => snapshots++); // Memory opens always
        var large = await SetAsync(writer, shard, 20 << 20);
        Assert.Equal(1, snapshots); // which has the message

        Assert.False(IsGarbage(large));
        await SetAsync(writer, shard, 0);

        Assert.Equal(2, snapshots);
        Assert.True(IsGarbage(large));
    }

    private static async Task<WeakReference> SetAsync(ShardWriter<RetainSnapshot, RetainChange> writer, RetainShardState shard, int bytes)
    {
        var message = new byte[bytes];
        var change = new RetainChange(0, new RetainBatch("t", Sample.A, bytes == 0 ? 2 : 1, [new RetainEntry("topic", message, 0)]));
        shard.Set(change);
        Assert.Equal(JournalResult.Ok, await writer.CommitAsync(change));
        return new WeakReference(message);
    }

    private static bool IsGarbage(WeakReference message)
    {
        GC.Collect();
        return !message.IsAlive;
    }

    private static ValueTask<JournalResult> CommitAsync(ShardWriter<RetainSnapshot, RetainChange> writer, RetainShardState shard, string topic)
    {
        var change = new RetainChange(0, new RetainBatch(topic, Sample.A, 1, [new RetainEntry(topic, [1], 0)]));
        shard.Set(change);
        return writer.CommitAsync(change);
    }

    private Task<IShardJournal<RetainSnapshot, RetainChange>> OpenAsync(RetainShardState shard) => OpenAsync(shard, _logs);

    private static async Task<IShardJournal<RetainSnapshot, RetainChange>> OpenAsync(RetainShardState shard, ILogStore logs)
    {
        var opening = await new LogJournalStore<RetainSnapshot, RetainChange>(logs, new RetainCodec()).OpenAsync(0, 0, shard);
        return opening.Journal ?? throw new InvalidOperationException(opening.Fault);
    }

    private static SegmentLogStore NewLogs() => new(
        new SimulatedDisk(new Random(1)), new InlineExecutor(), new LogStoreOptions { MinFreeBytes = 0 }, new ManualTimeProvider(),
        NullLogger<SegmentLogStore>.Instance);

    /// <summary>A disk that is busy while the first part of a snapshot is written.</summary>
    private sealed class SlowSnapshots() : PassingLogStore(NewLogs())
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Additions { get; private set; }

        public void Release() => _released.TrySetResult();

        protected override IWriteAheadLog Wrap(IWriteAheadLog log) => new SlowLog(log, this);

        private sealed class SlowLog(IWriteAheadLog log, SlowSnapshots logs) : PassingLog(log)
        {
            public override ILogSnapshot BeginSnapshot(long offset) => new SlowSnapshot(base.BeginSnapshot(offset), logs);
        }

        private sealed class SlowSnapshot(ILogSnapshot snapshot, SlowSnapshots logs) : ILogSnapshot
        {
            public async ValueTask<LogReply> AddAsync(LogBatch batch)
            {
                logs.Additions++;
                await logs._released.Task;
                return await snapshot.AddAsync(batch);
            }

            public ValueTask<LogReply> CommitAsync(long keepFrom) => snapshot.CommitAsync(keepFrom);

            public ValueTask DisposeAsync() => snapshot.DisposeAsync();
        }
    }

    /// <summary>A log that refuses one append, late.</summary>
    private sealed class FullOnceLogs() : PassingLogStore(NewLogs())
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The next append does not fit.</summary>
        public bool IsFull { get; set; }

        public void Release() => _released.TrySetResult();

        protected override IWriteAheadLog Wrap(IWriteAheadLog log) => new FullOnceLog(log, this);

        private sealed class FullOnceLog(IWriteAheadLog log, FullOnceLogs logs) : PassingLog(log)
        {
            public override async ValueTask<AppendReply> AppendAsync(LogBatch batch)
            {
                if (!logs.IsFull)
                {
                    return await base.AppendAsync(batch);
                }

                logs.IsFull = false;
                await logs._released.Task;
                return new AppendReply(LogResult.Full, 0);
            }
        }
    }
}
