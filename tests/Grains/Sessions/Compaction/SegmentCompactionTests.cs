using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.Compaction;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.Compaction;

/// <summary>Old segments go when little of them is needed, and what is needed stays.</summary>
public sealed class SegmentCompactionTests
{
    private const long Now = 1_000_000;
    private static readonly string[] Forgotten = ["t/forgotten", "t/also"];
    private const string Busy = "t/busy";
    private const long Least = 10_000;
    private const int Looks = 3;

    private readonly StoreShardState _table = new(new GrainOptions());
    private SimulatedDisk _disk = new(new Random(1));
    private StoreShardState? _opened;
    private ShardWriter<SessionSnapshot, SessionChange>? _writer;
    private long _sequence;
    private long _now = Now;

    private StoreShardState Table => _opened ?? _table;

    private ShardWriter<SessionSnapshot, SessionChange> Writer => _writer ?? throw new InvalidOperationException("Not open.");

    [Fact]
    public async Task OneForgottenMessageDoesNotKeepTheLog()
    {
        await StartAsync(_table);
        await QueueAsync("old", Forgotten);
        await DeliverAsync(100);
        await QueueAsync("young", Forgotten);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
        Assert.True(Segments() > 8, $"{Segments()} segments are kept.");

        var compaction = await CompactAsync();

        Assert.Equal("old".Length + "young".Length, compaction.Moved); // once for both queues
        Assert.True(compaction.Freed > 30_000, $"{compaction.Freed} bytes went.");
        Assert.InRange(Segments(), 1, 3);
        await HasAsync("old", "young");
        Assert.Equal(0, (await CompactAsync()).Moved); // there is nothing left to do

        await QueueAsync("youngest", Forgotten);
        _disk = _disk.PowerCut();
        await StartAsync(_opened = new StoreShardState(new GrainOptions()));
        await HasAsync("old", "young", "youngest");
    }

    [Fact]
    public async Task SegmentsThatAreNeededStay()
    {
        await StartAsync(_table);
        for (var number = 0; number < 40; number++)
        {
            await QueueAsync($"old {number} {new string('x', 300)}", Forgotten);
            await DeliverAsync(1);
        }
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
        var before = Segments();

        Assert.Equal(0, (await CompactAsync()).Moved);

        Assert.Equal(before, Segments());
    }

    [Fact]
    public async Task FullSegmentIsRewrittenWhenEnoughEmptyOnesStandBehindIt()
    {
        await StartAsync(_table);
        string[] texts = [.. Enumerable.Range(0, 20).Select(number => $"old {number} {new string('x', 300)}")];
        foreach (var text in texts)
        {
            await QueueAsync(text, Forgotten);
        }

        await DeliverAsync(200);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());

        Assert.Equal(texts.Sum(text => text.Length), (await CompactAsync()).Moved);

        Assert.InRange(Segments(), 1, 5);
        await HasAsync(texts);
    }

    [Fact]
    public async Task MessageOfManyQueuesCountsOnce()
    {
        await StartAsync(_table);
        string[] others = ["t/third", "t/fourth", "t/fifth"];
        foreach (var key in others)
        {
            await AttachAsync(key);
        }

        // an eighth of the log; counted for each queue it would be more than half, and nothing would go
        string[] texts = [.. Enumerable.Range(0, 15).Select(number => $"old {number} {new string('x', 300)}")];
        foreach (var text in texts)
        {
            await QueueAsync(text, [.. Forgotten, .. others]);
        }

        await DeliverAsync(90);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());

        var compaction = await CompactAsync();

        Assert.Equal(texts.Sum(text => text.Length), compaction.Moved);
        Assert.True(compaction.Freed > 30_000, $"{compaction.Freed} bytes went.");
        await HasAsync(texts);
        await HasAsync(others[^1], texts);
    }

    [Fact]
    public async Task WhatIsDeliveredMeanwhileIsLeftOut()
    {
        await StartAsync(_table);
        await QueueAsync("old", Forgotten);
        await QueueAsync("older", Forgotten);
        await DeliverAsync(100);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());

        await CompactAsync(_ =>
        {
            foreach (var key in Forgotten)
            {
                Table.Apply(new Reported(Now, new ProgressBatch(Sample.A, [new SessionProgress(key, Epoch(key), [1, 1], [], [])], 0)));
            }

            return true;
        });

        await HasAsync("older");
    }

    [Fact]
    public async Task TurnLooksAtFewSessionsAndMessages()
    {
        await StartAsync(_table);
        string[] texts = [.. Enumerable.Range(0, 60).Select(number => $"old {number}")];
        foreach (var text in texts)
        {
            await QueueAsync(text, Forgotten);
        }

        await DeliverAsync(200);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
        var (looking, moves) = (0, new List<long>());

        var compaction = await CompactAsync(moved =>
        {
            looking += moves.Count == 0 && moved == 0 ? 1 : 0;
            if (moved > 0)
            {
                moves.Add(moved);
            }

            return true;
        });

        Assert.InRange(looking, 2 * texts.Length / Looks, int.MaxValue);
        Assert.All(moves, moved => Assert.InRange(moved, 1, Looks * "old 59".Length));
        Assert.Equal(texts.Sum(text => text.Length), compaction.Moved);
        Assert.True(compaction.Freed > 0);
        await HasAsync(texts);
    }

    [Theory]
    [InlineData("delivered")]
    [InlineData("begun")]
    [InlineData("ended")]
    [InlineData("expired")]
    [InlineData("queued")]
    [InlineData("snapshot")]
    [InlineData("crash")]
    public async Task QueuesMayChangeBetweenAnyTwoParts(string change)
    {
        var parts = int.MaxValue;
        for (var at = 0; at < parts; at++)
        {
            await StartWithSparseLogAsync();
            var (part, ended) = (0, false);
            await CompactAsync(_ =>
            {
                if (part++ != at)
                {
                    return true;
                }

                ended = ChangeAsync(change).IsCompletedSuccessfully; // the disk is in memory
                return ended && change != "crash";
            });
            Assert.True(ended || part <= at, $"part {at}");
            parts = ended ? parts : at;
            if (ended && change == "crash")
            {
                await RestartAsync();
            }

            await HasExpectedAsync(ended ? change : "");
            await RestartAsync();
            await HasExpectedAsync(ended ? change : "");
        }
        Assert.InRange(parts, 4, 100);
    }

    [Fact]
    public async Task DamagedSegmentStaysSoThatItCanBeRestored()
    {
        await StartAsync(_table);
        await QueueAsync("damaged message", Forgotten);
        await DeliverAsync(100);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
        var file = _disk.Files().Single(file => _disk.Contents(file).AsSpan().IndexOf("damaged message"u8) > 0);
        var bytes = _disk.Contents(file);
        bytes[bytes.AsSpan().IndexOf("damaged message"u8)] ^= 1;
        _disk.SetContents(file, bytes);
        _disk = _disk.Kill();
        await StartAsync(_opened = new StoreShardState(new GrainOptions()));

        var compaction = await CompactAsync();

        Assert.Equal((0, 0), (compaction.Moved, compaction.Freed));
        Assert.Contains(file, _disk.Files());
    }

    /// <summary>Nine old messages in each of two queues, and much behind them that is delivered.</summary>
    private async Task StartWithSparseLogAsync()
    {
        _disk = new(new Random(1));
        await StartAsync(_opened = new StoreShardState(new GrainOptions()));
        for (var number = 1; number <= 9; number++)
        {
            await QueueAsync($"old {number}", Forgotten);
        }

        await DeliverAsync(100);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
    }

    private async Task RestartAsync()
    {
        _disk = _disk.PowerCut();
        await StartAsync(_opened = new StoreShardState(new GrainOptions()));
    }

    /// <summary>What other calls do to the first of the two queues, or to the shard, between two turns.</summary>
    private async Task ChangeAsync(string change)
    {
        var (key, epoch) = (Forgotten[0], Epoch(Forgotten[0]));
        switch (change)
        {
            case "delivered":
                await ReportAsync(new SessionProgress(key, epoch, [2, 3, 8, 8], [], []));
                break;
            case "begun":
                await ReportAsync(new SessionProgress(
                    key, epoch, [], [.. Enumerable.Range(1, 9).Select(number => new StartedDelivery(number, (ushort)number, PendingStage.Published))], []));
                break;
            case "ended":
                var (again, next) = (Sample.Open(connection: ++_sequence, clean: true, expiry: uint.MaxValue), Table.Sessions.NextEpoch(Now));
                Table.Attachment.Attach(key, again, next, Now);
                await CommitAsync(new Attached(Now, key, again, next), []);
                break;
            case "expired":
                Table.Detachment.Detach(key, epoch, Sample.Close(expiry: 1), Now, out var done);
                await CommitAsync(done!.Change, done.Messages); // the owner has the session
                Table.FireDue(_now += 1_000);
                break;
            case "queued":
                await QueueAsync("new", Forgotten);
                break;
            case "snapshot":
                Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
                break;
        }
    }

    private async Task HasExpectedAsync(string change)
    {
        string[] old = [.. Enumerable.Range(1, 9).Select(number => $"old {number}")];
        var others = change == "queued" ? [.. old, "new"] : old;
        await HasAsync(Forgotten[1], others);
        if (change != "expired")
        {
            await HasAsync(Forgotten[0], change switch { "delivered" => [.. others.Except(["old 2", "old 3", "old 8"])], "ended" => [], _ => others });
        }
    }

    private async Task ReportAsync(SessionProgress progress)
    {
        var batch = new ProgressBatch(Sample.A, [progress], ++_sequence);
        Table.Progress.Note(batch);
        await CommitAsync(new Reported(Now, batch), []);
    }

    private async Task StartAsync(StoreShardState table)
    {
        var logs = new SegmentLogStore(
            _disk, new InlineExecutor(), new LogStoreOptions { SegmentBytes = 4_096, MinFreeBytes = 0 }, new ManualTimeProvider(),
            NullLogger<SegmentLogStore>.Instance);
        var opening = await new LogJournalStore<SessionSnapshot, SessionChange>(logs, new SessionCodec()).OpenAsync(0, 0, table);
        _writer = new(opening.Journal ?? throw new InvalidOperationException(opening.Fault), table, _ => { });
        if (table.Count > 0)
        {
            return;
        }

        foreach (var key in (string[])[.. Forgotten, Busy])
        {
            await AttachAsync(key);
        }
    }

    private async Task AttachAsync(string key)
    {
        var (request, epoch) = (Sample.Open(connection: ++_sequence, expiry: uint.MaxValue), Table.Sessions.NextEpoch(Now));
        Table.Attachment.Attach(key, request, epoch, Now);
        await CommitAsync(new Attached(Now, key, request, epoch), []);
    }

    /// <summary>Messages that one session gets and acknowledges.</summary>
    private async Task DeliverAsync(int messages)
    {
        for (var number = 0; number < messages; number++)
        {
            await QueueAsync(new string('b', 400), [Busy]);
        }

        await ReportAsync(new SessionProgress(Busy, Epoch(Busy), [1, long.MaxValue], [], []));
    }

    private async Task QueueAsync(string text, string[] keys)
    {
        var entry = new QueueEntry(Sample.Bytes(text), 0, [.. keys.Select(key => new QueueTarget(key, 1, false, []))]);
        var outcome = Table.Intake.Enqueue(new QueueBatch(Sample.A, ++_sequence, [entry]), Now);
        await CommitAsync(outcome.Change, outcome.Messages);
    }

    private async Task CommitAsync(SessionChange change, StoredMessage[] messages) =>
        Assert.Equal(JournalResult.Ok, await Writer.CommitAsync(change, first =>
        {
            for (var at = 0; at < messages.Length; at++)
            {
                messages[at].Commit(first + at);
            }
        }));

    /// <param name="pause">Gets the bytes that were moved; false: stop.</param>
    private async Task<SegmentCompaction> CompactAsync(Func<long, bool>? pause = null)
    {
        var compaction = new SegmentCompaction(Table, Writer, () => _now, Least, Looks, moved => Task.FromResult(pause?.Invoke(moved) ?? true));
        await compaction.RunAsync();
        return compaction;
    }

    private async Task HasAsync(params string[] texts)
    {
        foreach (var key in Forgotten)
        {
            await HasAsync(key, texts);
        }
    }

    private async Task HasAsync(string key, string[] texts)
    {
        var resume = Table.Pages.Resume(key, Epoch(key), _now, isSettled: true);
        QueueItem[] items = [.. resume?.Front ?? [], .. resume?.Page.Items ?? []];
        var bytes = new byte[]?[items.Length];
        Assert.Equal(JournalResult.Ok, await Writer.ReadAsync([.. items.Select(item => item.Message.Offset)], bytes));
        Assert.Equal(texts, bytes.Select(body => Sample.Text(body ?? [])));
        Assert.Equal(items.Select(item => item.Number).Order(), items.Select(item => item.Number));
    }

    private ulong Epoch(string key) => Table.Sessions.Info(key).Epoch;

    private int Segments() => _disk.Files().Count(file => file.EndsWith(".segment", StringComparison.Ordinal));
}
